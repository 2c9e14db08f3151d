using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>The hint space: what has no effect here is a NOP, as are unallocated hints.</summary>
internal static class Hints
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;

        // Hints of features that the processor does not have are NOPs too.
        if (!context.Features.Has(A64Opcodes.Feature(i.Opcode)))
            return true;
        switch (i.Opcode)
        {
            case A64Opcode.Yield:
                b.ExitAfter(ExitReason.Yield);
                return true;
            case A64Opcode.Wfe:
                b.ExitAfter(ExitReason.WaitForEvent);
                return true;
            case A64Opcode.Wfi:
                b.ExitAfter(ExitReason.WaitForInterrupt);
                return true;
            case A64Opcode.Sev:
                b.ExitAfter(ExitReason.SendEvent);
                return true;
            case A64Opcode.Sevl:
                b.ExitAfter(ExitReason.SendEvent, 1);
                return true;
            case A64Opcode.Xpaclri:
                b.WriteGpr(30, PointerAuthenticationCode.Emit(context, PointerAuthentication.StripInstruction, b.ReadX(30), b.Const64(0)));
                return true;
            case A64Opcode.Pacia1716 or A64Opcode.Pacib1716 or A64Opcode.Autia1716 or A64Opcode.Autib1716:
                b.WriteGpr(17, PointerAuthenticationCode.Emit(context, Operation(i), b.ReadX(17), b.ReadX(16)));
                return true;
            case A64Opcode.Paciaz or A64Opcode.Pacibz or A64Opcode.Autiaz or A64Opcode.Autibz:
                b.WriteGpr(30, PointerAuthenticationCode.Emit(context, Operation(i), b.ReadX(30), b.Const64(0)));
                return true;
            case A64Opcode.Paciasp or A64Opcode.Pacibsp or A64Opcode.Autiasp or A64Opcode.Autibsp:
                b.WriteGpr(30, PointerAuthenticationCode.Emit(context, Operation(i), b.ReadX(30), b.ReadXOrSp(31)));
                return true;
            default:
                return true;
        }
    }

    /// <summary>Bit 7 authenticates rather than signs, bit 6 chooses key B.</summary>
    private static PointerAuthentication Operation(A64Instruction i) =>
        (PointerAuthentication)((i.Bit(7) ? 4 : 0) + (i.Bit(6) ? 1 : 0));
}
