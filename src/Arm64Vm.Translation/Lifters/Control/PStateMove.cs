using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>MSR (immediate), and CFINV, AXFLAG, XAFLAG, which share its encoding space.</summary>
internal static class PStateMove
{
    private const int DataIndependentTiming = 0x1A;
    private const int DaifSet = 0x1E;

    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        switch (i.Opcode)
        {
            case A64Opcode.Cfinv:
                FlagManipulation.InvertCarry(b);
                return true;
            case A64Opcode.Axflag:
                FlagManipulation.ToAlternative(b);
                return true;
            case A64Opcode.Xaflag:
                FlagManipulation.FromAlternative(b);
                return true;
        }

        int field = (i.Op1 << 3) | i.Op2;
        if (!IsAllocated(field))
            return false;

        // Masking interrupts changes nothing about the code that follows, nor does what timing may depend on.
        bool ends = field is not (DaifSet or DataIndependentTiming);
        b.Emit(IrOp.WritePState, IrType.Void, aux: ends ? 1 : 0, imm: (ulong)(uint)(field | (i.CRm << 8)));
        if (ends)
            b.Jump(context.GuestOffset + 4);
        return true;
    }

    /// <summary>op1:op2 of UAO, PAN, SPSel; SSBS, DIT, TCO, DAIFSet, DAIFClr (Arm ARM C5.1.3).</summary>
    private static bool IsAllocated(int field) => field is 0x03 or 0x04 or 0x05 or 0x19 or 0x1A or 0x1C or 0x1E or 0x1F;
}
