using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>SVC, HVC, SMC, BRK, HLT, ERET, WFET, WFIT. What an exception level may not execute is UNDEFINED here already.</summary>
internal static class Exceptions
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        bool privileged = context.Mode.ExceptionLevel > 0;
        switch (i.Opcode)
        {
            case A64Opcode.Svc:
                b.ExitAfter(ExitReason.SupervisorCall, i.Imm16);
                return true;
            case A64Opcode.Hvc when privileged:
                b.ExitAfter(ExitReason.HypervisorCall, i.Imm16);
                return true;
            case A64Opcode.Smc when privileged:
                b.ExitAfter(ExitReason.SecureMonitorCall, i.Imm16);
                return true;
            case A64Opcode.Brk:
                b.Exit(ExitReason.Breakpoint, i.Imm16);
                return true;
            case A64Opcode.Hlt:
                b.Exit(ExitReason.Halt, i.Imm16);
                return true;
            case A64Opcode.Eret when privileged:
                b.Exit(ExitReason.ExceptionReturn);
                return true;
            case A64Opcode.Eretaa when privileged:
                b.Exit(ExitReason.ExceptionReturn, 2);
                return true;
            case A64Opcode.Eretab when privileged:
                b.Exit(ExitReason.ExceptionReturn, 3);
                return true;
            case A64Opcode.Wfet:
                b.ExitAfter(ExitReason.WaitForEvent, 1, b.ReadX(i.Rd));
                return true;
            case A64Opcode.Wfit:
                b.ExitAfter(ExitReason.WaitForInterrupt, 1, b.ReadX(i.Rd));
                return true;
            default:
                return false;
        }
    }
}
