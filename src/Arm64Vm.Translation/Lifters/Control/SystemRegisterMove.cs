using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>MRS and MSR (register). NZCV is a matter of the IR, FPCR and CurrentEL of the mode; all other registers belong to the processor.</summary>
internal static class SystemRegisterMove
{
    private const int CurrentEl = 0xC212;
    private const int Nzcv = 0xDA10;
    private const int Fpcr = 0xDA20;
    private const int Rndr = 0xD920;
    private const int Rndrrs = 0xD921;

    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int register = i.SystemRegister;
        if (register is Fpcr or FpsrBits.Encoding && context.Mode.FloatTrapped)
        {
            b.Exit(ExitReason.FloatTrap, i.Word);
            return true;
        }

        if (i.Opcode == A64Opcode.Mrs)
        {
            b.WriteGpr(i.Rt, register switch
            {
                Nzcv => b.ZeroExtend(b.Unary(IrOp.FlagsToNzcv, IrType.I32, b.ReadFlags())),

                // Every bit that can be set is part of the mode.
                Fpcr => b.Const64(context.Mode.Fpcr),

                // So is the exception level. EL0 has no such register. Firmware asks in each of its small functions.
                CurrentEl when context.Mode.ExceptionLevel > 0 => b.Const64((ulong)context.Mode.ExceptionLevel << 2),
                _ => b.Emit(IrOp.ReadSystem, IrType.I64, imm: (ulong)register),
            });

            // The random number generator always succeeds, and says so in NZCV.
            if (register is Rndr or Rndrrs)
                b.WriteFlags(b.Unary(IrOp.FlagsFromNzcv, IrType.Flags, b.Const32(0)));

            // What the guest has seen of its timer is pending now: the interrupt comes before the next instruction.
            if (IsTimerStatus(i))
                b.ExitAfter(ExitReason.SingleStep);
            return true;
        }

        if (register == Nzcv)
        {
            b.WriteFlags(b.Unary(IrOp.FlagsFromNzcv, IrType.Flags, b.ReadW(i.Rt)));
            return true;
        }

        bool ends = !IsHarmless(i);
        b.Emit(IrOp.WriteSystem, IrType.Void, b.ReadX(i.Rt), aux: ends ? 1 : 0, imm: (ulong)register);
        if (ends)
            b.Jump(context.GuestOffset + 4);
        return true;
    }

    /// <summary>CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTV_TVAL_EL0, CNTV_CTL_EL0.</summary>
    private static bool IsTimerStatus(A64Instruction i) => (i.Op0, i.Op1, i.CRn, i.CRm, i.Op2) is (3, 3, 14, 2 or 3, 0 or 1);

    /// <summary>Registers that neither change how code is translated or fetched nor unmask interrupts.</summary>
    private static bool IsHarmless(A64Instruction i) => (i.Op0, i.Op1, i.CRn, i.CRm, i.Op2) switch
    {
        // SPSR_EL1, ELR_EL1, SP_EL0
        (3, 0, 4, 0, 0 or 1) or (3, 0, 4, 1, 0) => true,
        // Pointer authentication keys
        (3, 0, 2, >= 1 and <= 3, _) => true,
        // AFSR0/1_EL1, ESR_EL1, FAR_EL1, PAR_EL1
        (3, 0, 5, 1 or 2, _) or (3, 0, 6, 0, 0) or (3, 0, 7, 4, 0) => true,
        // FPSR
        (3, 3, 4, 4, 1) => true,
        // ICC_PMR_EL1, ICC_*
        (3, 0, 4, 6, 0) or (3, 0, 12, >= 8, _) => true,
        // TPIDR_EL1, TPIDR_EL0, TPIDRRO_EL0
        (3, 0, 13, 0, 4) or (3, 3, 13, 0, 2 or 3) => true,
        // CNTKCTL_EL1, CNTP_*, CNTV_*; what performance monitors count may change the code
        (3, 0 or 3, 14, < 8, _) => true,
        _ => false,
    };
}
