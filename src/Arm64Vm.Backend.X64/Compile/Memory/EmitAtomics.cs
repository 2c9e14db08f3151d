using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Single-copy atomic read-modify-write: the host's LOCK-prefixed instructions.</summary>
internal sealed partial class X64Compiler
{
    private void EmitAtomic(in IrInst inst)
    {
        AtomicOperation operation = (AtomicOperation)(int)inst.Imm;
        Gpr operand = Use(inst.B);
        int size = inst.Size;
        BeginProbe(inst.A, 0);
        Gpr d = Define(current);
        Gpr address = ScratchGpr();
        EndProbe(size, size, aligned: true, write: true, MemoryFlags.None);
        // The probe's scratch register is the one that stays free.
        Gpr replacement = ScratchGpr();
        Mem memory = Mem.Base(Gpr.Rax);
        switch (operation)
        {
            case AtomicOperation.Add:
            case AtomicOperation.Swap:
                emit.Mov(8, replacement, operand);
                if (operation == AtomicOperation.Add)
                    emit.LockXadd(size, memory, replacement);
                else
                    emit.Xchg(size, memory, replacement);
                ZeroExtendTo(size, d, replacement);
                break;
            default:
                // A compare-exchange loop: the host address moves out of rax, which the instruction compares with.
                emit.Mov(8, address, Gpr.Rax);
                if (size >= 4)
                    emit.Mov(size, Gpr.Rax, Mem.Base(address));
                else
                    emit.Movzx(size, Gpr.Rax, Mem.Base(address));
                Label retry = emit.Here();
                EmitAtomicFunction(operation, size, replacement, operand);
                emit.LockCmpxchg(size, Mem.Base(address), replacement);
                emit.Jcc(Cc.Ne, retry);
                ZeroExtendTo(size, d, Gpr.Rax);
                break;
        }

        values[current].ZeroUpper = inst.Type == IrType.I32;
        AddCold(SlowKind.Atomic, inst, destination: (byte)d, source: (byte)operand);
    }

    private void ZeroExtendTo(int size, Gpr d, Gpr s)
    {
        if (size >= 4)
            emit.Mov(size, d, s);
        else
            emit.Movzx(size, d, s);
    }

    /// <summary>replacement := operation(rax, operand), on the low <paramref name="size"/> bytes.</summary>
    private void EmitAtomicFunction(AtomicOperation operation, int size, Gpr replacement, Gpr operand)
    {
        int width = Math.Max(size, 4);
        switch (operation)
        {
            case AtomicOperation.Clear:
                emit.Andn(width, replacement, operand, Gpr.Rax);
                break;
            case AtomicOperation.Xor:
                emit.Mov(width, replacement, operand);
                emit.Alu(AluOp.Xor, width, replacement, Gpr.Rax);
                break;
            case AtomicOperation.Set:
                emit.Mov(width, replacement, operand);
                emit.Alu(AluOp.Or, width, replacement, Gpr.Rax);
                break;
            default:
                emit.Mov(8, replacement, operand);
                emit.Alu(AluOp.Cmp, size, Gpr.Rax, operand);
                Cc keepOld = operation switch
                {
                    AtomicOperation.SignedMax => Cc.G,
                    AtomicOperation.SignedMin => Cc.L,
                    AtomicOperation.UnsignedMax => Cc.A,
                    _ => Cc.B,
                };
                emit.Cmov(keepOld, 8, replacement, Gpr.Rax);
                break;
        }
    }

    private void EmitCompareSwap(in IrInst inst)
    {
        int size = inst.Size;
        if (size == 16)
        {
            EmitCompareSwapPair(inst);
            return;
        }

        Gpr expected = Use(inst.B);
        Gpr replacement = Use(inst.C);
        BeginProbe(inst.A, 0);
        Gpr d = Define(current);
        EndProbe(size, size, aligned: true, write: true, MemoryFlags.None);
        Gpr address = ScratchGpr();
        emit.Mov(8, address, Gpr.Rax);
        emit.Mov(8, Gpr.Rax, expected);
        emit.LockCmpxchg(size, Mem.Base(address), replacement);
        ZeroExtendTo(size, d, Gpr.Rax);
        values[current].ZeroUpper = inst.Type == IrType.I32;
        AddCold(SlowKind.CompareSwap, inst, destination: (byte)d, source: (byte)expected, source2: (byte)replacement);
    }

    /// <summary>rdx:rax and rcx:rbx hold what is compared and stored; rbx is pinned and comes back from its operand slot.</summary>
    private void EmitCompareSwapPair(in IrInst inst)
    {
        Xmm expected = UseV(inst.B);
        Xmm replacement = UseV(inst.C);
        BeginProbe(inst.A, 0);
        Xmm d = DefineV(current);
        AllocateFixedGpr(Gpr.Rdx);
        AllocateFixedGpr(Gpr.Rcx);
        EndProbe(16, 16, aligned: true, write: true, MemoryFlags.None);
        Gpr address = ScratchGpr();
        emit.Mov(8, address, Gpr.Rax);
        emit.Vmovq(Gpr.Rax, expected);
        emit.Vpextrq(Gpr.Rdx, expected, 1);
        EmitExchange16(address, replacement);
        emit.Vmovq(d, Gpr.Rax);
        emit.Vpinsrq(d, d, Gpr.Rdx, 1);
        AddCold(SlowKind.CompareSwap, inst, destination: (byte)d, source: (byte)expected, source2: (byte)replacement);
    }

    /// <summary>LOCK CMPXCHG16B of [address] with rdx:rax; needs rcx.</summary>
    private void EmitExchange16(Gpr address, Xmm replacement)
    {
        emit.Mov(8, HostAbi.Operand(0), Gpr.Rbx);
        emit.Vmovq(Gpr.Rbx, replacement);
        emit.Vpextrq(Gpr.Rcx, replacement, 1);
        emit.LockCmpxchg16b(Mem.Base(address));
        emit.Mov(8, Gpr.Rbx, HostAbi.Operand(0));
    }
}
