using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class BitTests : IDisposable
{
    /// <summary>Iced's names for the conditions, in order.</summary>
    internal static readonly string[] Conditions = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];

    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    internal static Mnemonic Conditional(string prefix, Cc cc) => Enum.Parse<Mnemonic>(prefix + Conditions[(int)cc], ignoreCase: true);

    [Fact]
    public void Counts()
    {
        foreach (int size in WideSizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    E.Lzcnt(size, d, s);
                    _h.Expect(Mnemonic.Lzcnt, R(size, d), R(size, s));
                    E.Tzcnt(size, d, s);
                    _h.Expect(Mnemonic.Tzcnt, R(size, d), R(size, s));
                    E.Popcnt(size, d, s);
                    _h.Expect(Mnemonic.Popcnt, R(size, d), R(size, s));
                }
            }
        }
    }

    [Fact]
    public void BitTestsWithImmediateAndRegister()
    {
        foreach (int size in WideSizes)
        {
            foreach (Gpr r in All)
            {
                Gpr b = Other(r);
                int bit = (int)r + 3;
                E.Bt(size, r, bit);
                _h.Expect(Mnemonic.Bt, R(size, r), Op.Imm(bit));
                E.Bts(size, r, bit);
                _h.Expect(Mnemonic.Bts, R(size, r), Op.Imm(bit));
                E.Btr(size, r, bit);
                _h.Expect(Mnemonic.Btr, R(size, r), Op.Imm(bit));
                E.Btc(size, r, bit);
                _h.Expect(Mnemonic.Btc, R(size, r), Op.Imm(bit));
                E.Bt(size, r, b);
                _h.Expect(Mnemonic.Bt, R(size, r), R(size, b));
                E.Bts(size, r, b);
                _h.Expect(Mnemonic.Bts, R(size, r), R(size, b));
                E.Btr(size, r, b);
                _h.Expect(Mnemonic.Btr, R(size, r), R(size, b));
                E.Btc(size, r, b);
                _h.Expect(Mnemonic.Btc, R(size, r), R(size, b));
            }

            foreach (MemCase m in MemCase.Some)
            {
                E.Bt(size, m.Mem, 5);
                _h.Expect(Mnemonic.Bt, m, Op.Imm(5));
                E.Bts(size, m.Mem, 6);
                _h.Expect(Mnemonic.Bts, m, Op.Imm(6));
                E.Btr(size, m.Mem, 7);
                _h.Expect(Mnemonic.Btr, m, Op.Imm(7));
            }
        }
    }

    [Fact]
    public void SetccAndCmov()
    {
        foreach (Cc cc in Enum.GetValues<Cc>())
        {
            foreach (Gpr d in All)
            {
                E.Setcc(cc, d);
                _h.Expect(Conditional("set", cc), R(1, d));
                foreach (int size in WideSizes)
                {
                    foreach (Gpr s in All)
                    {
                        E.Cmov(cc, size, d, s);
                        _h.Expect(Conditional("cmov", cc), R(size, d), R(size, s));
                    }

                    MemCase m = MemCase.Some[(int)d];
                    E.Cmov(cc, size, d, m.Mem);
                    _h.Expect(Conditional("cmov", cc), R(size, d), m);
                }
            }

            foreach (MemCase m in MemCase.Some)
            {
                E.Setcc(cc, m.Mem);
                Assert.Equal(1, _h.Expect(Conditional("set", cc), m).MemorySize.GetSize());
            }
        }
    }

    [Fact]
    public void InvertFlipsTheCondition()
    {
        Assert.Equal(Cc.Ne, Cc.E.Invert());
        Assert.Equal(Cc.B, Cc.Ae.Invert());
        Assert.Equal(Cc.G, Cc.Le.Invert());
    }

    [Fact]
    public void Bmi()
    {
        foreach (int size in VexSizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr a in All)
                {
                    Gpr b = Other(a);
                    E.Andn(size, d, a, b);
                    _h.Expect(Mnemonic.Andn, R(size, d), R(size, a), R(size, b));
                    E.Bextr(size, d, a, b);
                    _h.Expect(Mnemonic.Bextr, R(size, d), R(size, a), R(size, b));
                    E.Bzhi(size, d, a, b);
                    _h.Expect(Mnemonic.Bzhi, R(size, d), R(size, a), R(size, b));
                    E.Pdep(size, d, a, b);
                    _h.Expect(Mnemonic.Pdep, R(size, d), R(size, a), R(size, b));
                    E.Pext(size, d, a, b);
                    _h.Expect(Mnemonic.Pext, R(size, d), R(size, a), R(size, b));
                    E.Blsi(size, d, a);
                    _h.Expect(Mnemonic.Blsi, R(size, d), R(size, a));
                    E.Blsr(size, d, a);
                    _h.Expect(Mnemonic.Blsr, R(size, d), R(size, a));
                    E.Blsmsk(size, d, a);
                    _h.Expect(Mnemonic.Blsmsk, R(size, d), R(size, a));
                }

                foreach (MemCase m in MemCase.Some)
                {
                    E.Andn(size, d, Other(d), m.Mem);
                    _h.Expect(Mnemonic.Andn, R(size, d), R(size, Other(d)), m);
                }
            }
        }
    }

    [Fact]
    public void Crc32()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    E.Crc32(size, d, s);
                    _h.Expect(Mnemonic.Crc32, R(size == 8 ? 8 : 4, d), R(size, s));
                }
            }
        }
    }

    [Fact]
    public void FlagInstructions()
    {
        E.Lahf();
        _h.Expect(Mnemonic.Lahf);
        E.Sahf();
        _h.Expect(Mnemonic.Sahf);
        E.Cmc();
        _h.Expect(Mnemonic.Cmc);
        E.Clc();
        _h.Expect(Mnemonic.Clc);
        E.Stc();
        _h.Expect(Mnemonic.Stc);
    }
}
