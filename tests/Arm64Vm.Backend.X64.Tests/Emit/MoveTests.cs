using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class MoveTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void MovBetweenAllRegisters()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    E.Mov(size, d, s);
                    _h.Expect(Mnemonic.Mov, R(size, d), R(size, s));
                }
            }
        }
    }

    [Fact]
    public void LoadAndStoreWithEveryAddress()
    {
        foreach (int size in Sizes)
        {
            foreach (MemCase m in MemCase.All)
            {
                Gpr r = Other((Gpr)(_h.Checks & 15));
                E.Mov(size, r, m.Mem);
                Assert.Equal(size, _h.Expect(Mnemonic.Mov, R(size, r), m).MemorySize.GetSize());
                E.Mov(size, m.Mem, r);
                Assert.Equal(size, _h.Expect(Mnemonic.Mov, m, R(size, r)).MemorySize.GetSize());
            }
        }
    }

    [Fact]
    public void LoadAndStoreWithEveryRegister()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                foreach (MemCase m in MemCase.Some)
                {
                    E.Mov(size, r, m.Mem);
                    _h.Expect(Mnemonic.Mov, R(size, r), m);
                    E.Mov(size, m.Mem, r);
                    _h.Expect(Mnemonic.Mov, m, R(size, r));
                }
            }
        }
    }

    [Theory]
    [InlineData(0UL, 5)]
    [InlineData(1UL, 5)]
    [InlineData(0xFFFF_FFFFUL, 5)]
    [InlineData(0x8000_0000UL, 5)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFFUL, 7)]
    [InlineData(0xFFFF_FFFF_8000_0000UL, 7)]
    [InlineData(0xFFFF_FFFF_7FFF_FFFFUL, 10)]
    [InlineData(0x1_0000_0000UL, 10)]
    [InlineData(0x1234_5678_9ABC_DEF0UL, 10)]
    public void MovImmTakesTheShortestFormThatKeepsTheFlags(ulong value, int lengthOfLowRegister)
    {
        foreach (Gpr r in All)
        {
            E.MovImm(r, value);
            int extra = lengthOfLowRegister == 5 && r >= Gpr.R8 ? 1 : 0;
            Assert.Equal(lengthOfLowRegister + extra, E.Position);
            int size = lengthOfLowRegister == 5 ? 4 : 8;
            _h.Expect(Mnemonic.Mov, R(size, r), Op.Imm((long)value, size));
        }
    }

    [Fact]
    public void MovImmClobberFlagsMakesZeroWithXor()
    {
        foreach (Gpr r in All)
        {
            E.MovImmClobberFlags(r, 0);
            _h.Expect(Mnemonic.Xor, R(4, r), R(4, r));
            E.MovImmClobberFlags(r, 7);
            _h.Expect(Mnemonic.Mov, R(4, r), Op.Imm(7, 4));
        }
    }

    [Fact]
    public void StoreImmediate()
    {
        foreach (int size in Sizes)
        {
            foreach (MemCase m in MemCase.Some)
            {
                foreach (int imm in new[] { 0, 1, -1, 0x7F, -128, 0x1234, 0x12345678, int.MinValue })
                {
                    E.MovImm(size, m.Mem, imm);
                    Assert.Equal(size, _h.Expect(Mnemonic.Mov, m, Op.Imm(imm, size)).MemorySize.GetSize());
                }
            }
        }
    }

    [Fact]
    public void Extensions()
    {
        foreach (Gpr d in All)
        {
            foreach (Gpr s in All)
            {
                foreach (int srcSize in new[] { 1, 2 })
                {
                    E.Movzx(srcSize, d, s);
                    _h.Expect(Mnemonic.Movzx, R(4, d), R(srcSize, s));
                    E.Movsx(4, srcSize, d, s);
                    _h.Expect(Mnemonic.Movsx, R(4, d), R(srcSize, s));
                    E.Movsx(8, srcSize, d, s);
                    _h.Expect(Mnemonic.Movsx, R(8, d), R(srcSize, s));
                }

                E.Movzx(4, d, s);
                _h.Expect(Mnemonic.Mov, R(4, d), R(4, s));
                E.Movsx(2, 1, d, s);
                _h.Expect(Mnemonic.Movsx, R(2, d), R(1, s));
                E.Movsx(8, 4, d, s);
                _h.Expect(Mnemonic.Movsxd, R(8, d), R(4, s));
                E.Movsx(4, 4, d, s);
                _h.Expect(Mnemonic.Mov, R(4, d), R(4, s));
            }
        }
    }

    [Fact]
    public void ExtendingLoads()
    {
        foreach (Gpr d in All)
        {
            foreach (MemCase m in MemCase.Some)
            {
                foreach (int srcSize in new[] { 1, 2 })
                {
                    E.Movzx(srcSize, d, m.Mem);
                    Assert.Equal(srcSize, _h.Expect(Mnemonic.Movzx, R(4, d), m).MemorySize.GetSize());
                    E.Movsx(8, srcSize, d, m.Mem);
                    Assert.Equal(srcSize, _h.Expect(Mnemonic.Movsx, R(8, d), m).MemorySize.GetSize());
                    E.Movsx(4, srcSize, d, m.Mem);
                    Assert.Equal(srcSize, _h.Expect(Mnemonic.Movsx, R(4, d), m).MemorySize.GetSize());
                }

                E.Movzx(4, d, m.Mem);
                _h.Expect(Mnemonic.Mov, R(4, d), m);
                E.Movzx(8, d, m.Mem);
                _h.Expect(Mnemonic.Mov, R(8, d), m);
                E.Movsx(8, 4, d, m.Mem);
                _h.Expect(Mnemonic.Movsxd, R(8, d), m);
                E.Movsx(8, 8, d, m.Mem);
                _h.Expect(Mnemonic.Mov, R(8, d), m);
            }
        }
    }

    [Fact]
    public void LeaWithEveryAddress()
    {
        foreach (int size in VexSizes)
        {
            foreach (MemCase m in MemCase.All)
            {
                E.Lea(size, Gpr.R11, m.Mem);
                _h.Expect(Mnemonic.Lea, R(size, Gpr.R11), m);
            }
        }
    }

    [Fact]
    public void RspAsIndexChangesPlacesWithTheBase()
    {
        E.Lea(8, Gpr.Rax, Mem.Index(Gpr.Rcx, Gpr.Rsp, 1, 8));
        _h.Expect(Mnemonic.Lea, Register.RAX, MemCase.At(Gpr.Rsp, Gpr.Rcx, 1, 8));
        Assert.Throws<ArgumentException>(() => Mem.Index(Gpr.Rcx, Gpr.Rsp, 2));
        Assert.Throws<ArgumentException>(() => Mem.Index(Gpr.Rsp, Gpr.Rsp, 1));
        Assert.Throws<ArgumentException>(() => Mem.Scaled(Gpr.Rsp, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Mem.Index(Gpr.Rcx, Gpr.Rdx, 3));
    }

    [Fact]
    public unsafe void RipRelativeAccountsForTheImmediateThatFollows()
    {
        MemCase m = MemCase.RipTo(_h.Base + 0x1000);
        E.Mov(8, Gpr.R9, m.Mem);
        _h.Expect(Mnemonic.Mov, Register.R9, m);
        foreach (int size in Sizes)
        {
            E.MovImm(size, m.Mem, 0x11223344);
            _h.Expect(Mnemonic.Mov, m, Op.Imm(0x11223344, size));
            E.Alu(AluOp.Add, size, m.Mem, 1);
            _h.Expect(Mnemonic.Add, m, Op.Imm(1));
            E.Alu(AluOp.Cmp, size, m.Mem, 0x1234567);
            _h.Expect(Mnemonic.Cmp, m, Op.Imm(0x1234567, size));
            E.Test(size, m.Mem, 0x1234567);
            _h.Expect(Mnemonic.Test, m, Op.Imm(0x1234567, size));
            E.Shift(ShiftOp.Shl, size, m.Mem, 3);
            _h.Expect(Mnemonic.Shl, m, Op.Imm(3));
        }

        E.Bt(4, m.Mem, 9);
        _h.Expect(Mnemonic.Bt, m, Op.Imm(9));
        E.Rorx(8, Gpr.Rax, m.Mem, 9);
        _h.Expect(Mnemonic.Rorx, Register.RAX, m, Op.Imm(9));
        E.VexImm(V.Palignr, Xmm.Xmm9, Xmm.Xmm1, m.Mem, 5);
        _h.Expect(Mnemonic.Vpalignr, Xmm.Xmm9, Xmm.Xmm1, m, Op.Imm(5));
        E.Vex(V.EvexPmullq, Xmm.Xmm19, Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vpmullq, Xmm.Xmm19, Xmm.Xmm1, m);
    }

    [Fact]
    public unsafe void RipRelativeOutOfReachThrows()
        => Assert.Throws<ArgumentOutOfRangeException>(() => E.Mov(8, Gpr.Rax, Mem.RipTo((long)_h.Base + (1L << 32))));

    [Fact]
    public void XchgBswapMovbe()
    {
        foreach (Gpr a in All)
        {
            foreach (int size in Sizes)
            {
                Gpr b = Other(a);
                E.Xchg(size, a, b);
                _h.ExpectLoosely(Mnemonic.Xchg, R(size, a), R(size, b));
            }

            foreach (int size in VexSizes)
            {
                E.Bswap(size, a);
                _h.Expect(Mnemonic.Bswap, R(size, a));
            }

            foreach (MemCase m in MemCase.Some)
            {
                foreach (int size in WideSizes)
                {
                    E.Movbe(size, a, m.Mem);
                    _h.Expect(Mnemonic.Movbe, R(size, a), m);
                    E.Movbe(size, m.Mem, a);
                    _h.Expect(Mnemonic.Movbe, m, R(size, a));
                }
            }
        }
    }

    [Fact]
    public void PushAndPop()
    {
        foreach (Gpr r in All)
        {
            E.Push(r);
            _h.Expect(Mnemonic.Push, R64(r));
            E.Pop(r);
            _h.Expect(Mnemonic.Pop, R64(r));
        }

        foreach (MemCase m in MemCase.Some)
        {
            E.Push(m.Mem);
            Assert.Equal(8, _h.Expect(Mnemonic.Push, m).MemorySize.GetSize());
            E.Pop(m.Mem);
            Assert.Equal(8, _h.Expect(Mnemonic.Pop, m).MemorySize.GetSize());
        }

        foreach (int imm in new[] { 0, 127, -128, 128, -129, int.MaxValue })
        {
            E.PushImm(imm);
            _h.Expect(Mnemonic.Push, Op.Imm(imm, 8));
        }
    }
}
