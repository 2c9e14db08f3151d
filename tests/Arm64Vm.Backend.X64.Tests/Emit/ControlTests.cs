using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed unsafe class ControlTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void IndirectJumpsAndCalls()
    {
        foreach (Gpr r in All)
        {
            E.Jmp(r);
            _h.Expect(Mnemonic.Jmp, R64(r));
            E.Call(r);
            _h.Expect(Mnemonic.Call, R64(r));
        }

        foreach (MemCase m in MemCase.Some)
        {
            E.Jmp(m.Mem);
            Assert.Equal(8, _h.Expect(Mnemonic.Jmp, m).MemorySize.GetSize());
            E.Call(m.Mem);
            Assert.Equal(8, _h.Expect(Mnemonic.Call, m).MemorySize.GetSize());
        }
    }

    [Fact]
    public void JumpsToAddresses()
    {
        foreach (long distance in new long[] { 0, 5, 1000, -1000, int.MaxValue - 100, int.MinValue + 100 })
        {
            byte* target = _h.Base + distance;
            E.JmpTo((long)target);
            _h.Expect(Mnemonic.Jmp, Op.Branch(target));
            E.CallTo((long)target);
            _h.Expect(Mnemonic.Call, Op.Branch(target));
            foreach (Cc cc in Enum.GetValues<Cc>())
            {
                E.JccTo(cc, (long)target);
                _h.Expect(BitTests.Conditional("j", cc), Op.Branch(target));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => E.JmpTo((long)_h.Base + (1L << 31) + 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => E.CallTo((long)_h.Base - (1L << 32)));
    }

    [Fact]
    public void AddressesCountFromTheExecutableView()
    {
        byte* rx = (byte*)0x7000_0000_0000;
        E.Reset(_h.Base, rx, 4096);
        E.Nop(3);
        E.JmpTo((long)rx + 100);
        Assert.Equal(100 - 8, *(int*)(_h.Base + 4));
        Assert.Equal((nint)(rx + 8), (nint)E.RxAddress(E.Position));
        Assert.Equal((nint)(_h.Base + 8), (nint)E.RwAddress);
    }

    [Fact]
    public void SimpleInstructions()
    {
        E.Ret();
        _h.Expect(Mnemonic.Ret);
        E.Ud2();
        _h.Expect(Mnemonic.Ud2);
        E.Int3();
        _h.Expect(Mnemonic.Int3);
    }

    [Fact]
    public void NopFillsExactly()
    {
        for (int n = 0; n <= 40; n++)
        {
            _h.Restart();
            E.Nop(n);
            Assert.Equal(n, E.Position);
            int count = 0;
            for (int at = 0; at < n; count++)
            {
                Instruction nop = _h.DecodeAt(at);
                Assert.Equal(Mnemonic.Nop, nop.Mnemonic);
                at += nop.Length;
                Assert.True(at <= n);
            }

            Assert.Equal((n + 8) / 9, count);
        }
    }

    [Fact]
    public void AlignPadsToTheBoundary()
    {
        for (int n = 0; n <= 33; n++)
        {
            foreach (int alignment in new[] { 1, 2, 4, 8, 16, 32, 64 })
            {
                _h.Restart();
                E.Nop(n);
                E.Align(alignment);
                Assert.Equal((n + alignment - 1) & -alignment, E.Position);
                E.Ret();
                E.AlignData(alignment);
                Assert.Equal(0, E.Position & (alignment - 1));
            }
        }
    }

    [Fact]
    public void DataIsCopied()
    {
        E.Dword(0x11223344);
        E.Qword(0x5566778899AABBCC);
        E.Bytes([1, 2, 3]);
        E.Bytes([]);
        Assert.Equal("44332211CCBBAA9988776655010203", Convert.ToHexString(new ReadOnlySpan<byte>(_h.Base, E.Position)));
    }
}
