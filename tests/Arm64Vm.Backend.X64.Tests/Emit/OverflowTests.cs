using Arm64Vm.Backend.X64.Emit;
using Label = Arm64Vm.Backend.X64.Emit.Label;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed unsafe class OverflowTests : IDisposable
{
    private const int Guard = 64;

    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    public static TheoryData<int> Capacities => [32, 33, 40, 47, 64, 100];

    [Theory]
    [MemberData(nameof(Capacities))]
    public void NothingIsWrittenBeyondTheCapacity(int capacity)
    {
        foreach (Action<X64Emitter> emit in Everything())
        {
            var whole = new Span<byte>(_h.Base, 4096);
            whole.Fill(0xA5);
            E.Reset(_h.Base + Guard, _h.Base + Guard, capacity);
            for (int i = 0; i < 120; i++)
            {
                emit(E);
                Assert.InRange(E.Position, 0, capacity);
            }

            Assert.True(E.Overflowed);
            Assert.True(whole[..Guard].IndexOfAnyExcept((byte)0xA5) < 0);
            Assert.True(whole[(Guard + capacity)..].IndexOfAnyExcept((byte)0xA5) < 0);
        }
    }

    [Fact]
    public void ResetClearsTheFlag()
    {
        E.Reset(_h.Base, _h.Base, 32);
        E.Nop(64);
        Assert.True(E.Overflowed);
        E.Reset(_h.Base, _h.Base, 64);
        Assert.False(E.Overflowed);
        E.Nop(32);
        Assert.False(E.Overflowed);
        Assert.Throws<ArgumentOutOfRangeException>(() => E.Reset(_h.Base, _h.Base, 31));
    }

    [Fact]
    public void LabelsSurviveAnOverflow()
    {
        E.Reset(_h.Base, _h.Base, 64);
        Label near = E.NewLabel();
        Label far = E.NewLabel();
        E.JmpShort(near);
        E.Jmp(far);
        for (int i = 0; i < 100; i++)
        {
            E.Nop(9);
            E.JmpShort(near);
        }

        E.Bind(near);
        E.Bind(far);
        Assert.True(E.Overflowed);
        Assert.Equal(0, E.UnresolvedUses);
    }

    private static IEnumerable<Action<X64Emitter>> Everything() =>
    [
        e => e.Mov(8, Gpr.Rax, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678)),
        e => e.MovImm(Gpr.R15, 0x1234_5678_9ABC_DEF0),
        e => e.MovImm(8, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 0x12345678),
        e => e.Alu(AluOp.Add, 2, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 0x1234),
        e => e.LockAlu(AluOp.Add, 8, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 0x12345678),
        e => e.Nop(9),
        e => e.Nop(50),
        e => e.Bytes(new byte[29]),
        e => e.Bytes(new byte[200]),
        e => e.Qword(1),
        e => e.Jcc(Cc.E, e.NewLabel()),
        e => e.JmpPatchable(),
        e => e.JccPatchable(Cc.E),
        e => e.Ret(),
        e => e.VexImm(V.Palignr, Xmm.Xmm9, Xmm.Xmm1, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 5),
        e => e.Evex(V.EvexPmullq, Xmm.Xmm19, Xmm.Xmm1, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345679)),
        e => e.Rorx(8, Gpr.Rax, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 4),
        e => e.Sha(ShaOp.Sha1rnds4, Xmm.Xmm9, Mem.Index(Gpr.R12, Gpr.R13, 8, 0x12345678), 3),
    ];
}
