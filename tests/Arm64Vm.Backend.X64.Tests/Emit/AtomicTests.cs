using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class AtomicTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void ReadModifyWriteIsLocked()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                foreach (MemCase m in MemCase.Some)
                {
                    E.Xchg(size, m.Mem, r);
                    _h.Expect(Mnemonic.Xchg, m, R(size, r));
                    E.LockXadd(size, m.Mem, r);
                    Assert.True(_h.Expect(Mnemonic.Xadd, m, R(size, r)).HasLockPrefix);
                    E.LockCmpxchg(size, m.Mem, r);
                    Assert.True(_h.Expect(Mnemonic.Cmpxchg, m, R(size, r)).HasLockPrefix);
                }
            }
        }

        foreach (MemCase m in MemCase.Some)
        {
            E.LockCmpxchg16b(m.Mem);
            Assert.True(_h.Expect(Mnemonic.Cmpxchg16b, m).HasLockPrefix);
        }
    }

    [Fact]
    public void LockedAlu()
    {
        foreach (AluOp op in Enum.GetValues<AluOp>())
        {
            if (op == AluOp.Cmp)
            {
                continue;
            }

            Mnemonic name = Enum.Parse<Mnemonic>(op.ToString());
            foreach (int size in Sizes)
            {
                foreach (MemCase m in MemCase.Some)
                {
                    Gpr r = (Gpr)(_h.Checks & 15);
                    E.LockAlu(op, size, m.Mem, r);
                    Assert.True(_h.Expect(name, m, R(size, r)).HasLockPrefix);
                    E.LockAlu(op, size, m.Mem, 0x4321);
                    Assert.True(_h.Expect(name, m, Op.Imm(0x4321, size)).HasLockPrefix);
                }
            }
        }
    }

    [Fact]
    public void Fences()
    {
        E.LockOrRsp0();
        Instruction fence = _h.Expect(Mnemonic.Or, MemCase.At(Gpr.Rsp), Op.Imm(0, 4));
        Assert.True(fence.HasLockPrefix);
        Assert.Equal(4, fence.MemorySize.GetSize());
        E.Mfence();
        _h.Expect(Mnemonic.Mfence);
        E.Lfence();
        _h.Expect(Mnemonic.Lfence);
        E.Pause();
        _h.Expect(Mnemonic.Pause);
    }

    [Fact]
    public void ControlStateAndTime()
    {
        foreach (MemCase m in MemCase.Some)
        {
            E.Ldmxcsr(m.Mem);
            _h.Expect(Mnemonic.Ldmxcsr, m);
            E.Stmxcsr(m.Mem);
            _h.Expect(Mnemonic.Stmxcsr, m);
            E.Prefetcht0(m.Mem);
            _h.Expect(Mnemonic.Prefetcht0, m);
            E.Prefetchw(m.Mem);
            _h.Expect(Mnemonic.Prefetchw, m);
        }

        E.Rdtsc();
        _h.Expect(Mnemonic.Rdtsc);
        E.Xgetbv();
        _h.Expect(Mnemonic.Xgetbv);
        E.Vzeroupper();
        _h.Expect(Mnemonic.Vzeroupper);
    }
}
