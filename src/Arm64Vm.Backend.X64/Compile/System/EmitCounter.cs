using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>CNTPCT_EL0, CNTVCT_EL0 and their self-synchronized forms, from the host's time-stamp counter.</summary>
/// <remarks>
/// <code>
/// test   [r15 + access], bit          ; counter related to the host's, and EL0 allowed to read it
/// jz     cold
/// lfence                              ; ordered like the guest's ISB; MRS
/// rdtsc
/// shl    rdx, 32
/// or     rdx, rax
/// sub    rdx, [r15 + timestamp]
/// mulx   rdx, rax, [r15 + multiplier]
/// add    rdx, [r15 + nanoseconds]
/// mulx   rdx, rax, [r15 + scale]
/// shrd   rax, rdx, 32
/// mov    dst, rax
/// </code>
/// </remarks>
internal sealed partial class X64Compiler
{
    // op0:op1:CRn:CRm:op2 in 16 bits (Arm ARM D24.10).
    private const uint PhysicalCount = 0xDF01;
    private const uint VirtualCount = 0xDF02;
    private const uint PhysicalCountSynchronized = 0xDF05;
    private const uint VirtualCountSynchronized = 0xDF06;

    private bool TryEmitCounter(in IrInst inst)
    {
        if (inst.Op != IrOp.ReadSystem)
            return false;
        CounterAccess access;
        switch ((uint)inst.Imm)
        {
            case PhysicalCount:
                access = mode.ExceptionLevel == 0 ? CounterAccess.UserPhysical : CounterAccess.Kernel;
                break;
            case VirtualCount:
                access = mode.ExceptionLevel == 0 ? CounterAccess.UserVirtual : CounterAccess.Kernel;
                break;
            case PhysicalCountSynchronized:
                access = mode.ExceptionLevel == 0 ? CounterAccess.SynchronizedUserPhysical : CounterAccess.SynchronizedKernel;
                break;
            case VirtualCountSynchronized:
                access = mode.ExceptionLevel == 0 ? CounterAccess.SynchronizedUserVirtual : CounterAccess.SynchronizedKernel;
                break;
            default:
                return false;
        }

        ClobberFlags();
        AllocateFixedGpr(Gpr.Rdx);
        Gpr target = Define(current);
        Label cold = emit.NewLabel();
        emit.Test(4, Counter(CounterRelation.AccessOffset), (int)access);
        emit.Jcc(Cc.E, cold);
        emit.Lfence();
        emit.Rdtsc();
        emit.Shift(ShiftOp.Shl, 8, Gpr.Rdx, 32);
        emit.Alu(AluOp.Or, 8, Gpr.Rdx, Gpr.Rax);
        emit.Alu(AluOp.Sub, 8, Gpr.Rdx, Counter(CounterRelation.TimestampOffset));
        emit.Mulx(8, Gpr.Rdx, Gpr.Rax, Counter(CounterRelation.MultiplierOffset));
        emit.Alu(AluOp.Add, 8, Gpr.Rdx, Counter(CounterRelation.NanosecondsOffset));
        emit.Mulx(8, Gpr.Rdx, Gpr.Rax, Counter(CounterRelation.ScaleOffset));
        emit.Shrd(8, Gpr.Rax, Gpr.Rdx, 32);
        emit.Mov(8, target, Gpr.Rax);
        AddColdResult(cold, SlowKind.ReadSystem, inst, target);
        return true;
    }

    private static Mem Counter(int field) => HostAbi.Field(GuestContext.CounterOffset + field);
}
