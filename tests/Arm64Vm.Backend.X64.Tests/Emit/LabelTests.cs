using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using Label = Arm64Vm.Backend.X64.Emit.Label;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed unsafe class LabelTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void ForwardAndBackwardReferencesReachTheLabel()
    {
        for (int gap = 0; gap < 300; gap += 13)
        {
            foreach (bool forward in new[] { true, false })
            {
                _h.Restart();
                Label label = E.NewLabel();
                if (!forward)
                {
                    E.Bind(label);
                    E.Nop(gap);
                }

                var at = new List<int>();
                Mark(() => E.Jmp(label));
                Mark(() => E.Jcc(Cc.Ne, label));
                Mark(() => E.Call(label));
                Assert.Equal(forward ? 3 : 0, E.UnresolvedUses);
                if (forward)
                {
                    E.Nop(gap);
                    E.Bind(label);
                }

                Assert.Equal(0, E.UnresolvedUses);
                Assert.All(at, position => Assert.Equal((ulong)(_h.Base + E.PositionOf(label)), _h.DecodeAt(position).NearBranchTarget));

                void Mark(Action emit)
                {
                    at.Add(E.Position);
                    emit();
                }
            }
        }
    }

    [Fact]
    public void RipRelativeReferencesAccountForImmediates()
    {
        foreach (bool forward in new[] { true, false })
        {
            _h.Restart();
            Label label = E.NewLabel();
            if (!forward)
            {
                E.Bind(label);
            }

            E.Nop(7);
            int first = E.Position;
            E.Mov(8, Gpr.R10, Mem.Rip(label));
            int second = E.Position;
            E.MovImm(4, Mem.Rip(label), 0x12345678);
            int third = E.Position;
            E.VexImm(V.Cmpsd, Xmm.Xmm12, Xmm.Xmm3, Mem.Rip(label), 1);
            E.Ret();
            if (forward)
            {
                E.Bind(label);
            }

            ulong expected = (ulong)(_h.Base + E.PositionOf(label));
            Assert.Equal(expected, _h.DecodeAt(first).IPRelativeMemoryAddress);
            Assert.Equal(expected, _h.DecodeAt(second).IPRelativeMemoryAddress);
            Assert.Equal(expected, _h.DecodeAt(third).IPRelativeMemoryAddress);
        }
    }

    [Fact]
    public void ShortJumpsReachTheirLimits()
    {
        Label far = E.NewLabel();
        E.JmpShort(far);
        E.Nop(127);
        E.Bind(far);
        Assert.Equal((ulong)(_h.Base + 129), _h.DecodeAt(0).NearBranchTarget);

        _h.Restart();
        Label back = E.Here();
        E.Nop(126);
        E.JccShort(Cc.G, back);
        Instruction jump = _h.DecodeAt(126);
        Assert.Equal(Mnemonic.Jg, jump.Mnemonic);
        Assert.Equal((ulong)_h.Base, jump.NearBranchTarget);
    }

    [Fact]
    public void ShortJumpsOutOfReachThrow()
    {
        Label far = E.NewLabel();
        E.JmpShort(far);
        E.Nop(128);
        Assert.Throws<InvalidOperationException>(() => E.Bind(far));

        _h.Restart();
        Label back = E.Here();
        E.Nop(127);
        Assert.Throws<InvalidOperationException>(() => E.JmpShort(back));
    }

    [Fact]
    public void MisuseThrows()
    {
        Assert.Throws<InvalidOperationException>(() => E.Jmp(default(Label)));
        Assert.False(default(Label).IsValid);
        Label label = E.Here();
        Assert.True(E.IsBound(label));
        Assert.Throws<InvalidOperationException>(() => E.Bind(label));
        _h.Restart();
        Assert.Throws<InvalidOperationException>(() => E.Bind(label));
    }

    [Fact]
    public void LabelsNeedNoMemoryOnceTheTablesHaveGrown()
    {
        void Block()
        {
            E.Reset(_h.Base, _h.Base, 1 << 15);
            for (int i = 0; i < 1000; i++)
            {
                Label label = E.NewLabel();
                E.Jcc(Cc.E, label);
                E.Jmp(label);
                E.Vex(V.Paddb, Xmm.Xmm1, Xmm.Xmm2, Mem.Rip(label));
                E.Bind(label);
            }
        }

        Block();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Block();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.False(E.Overflowed);
    }
}
