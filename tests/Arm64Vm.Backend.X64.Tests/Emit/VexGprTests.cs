using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class VexGprTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void MovesBothWays()
    {
        foreach (Gpr r in All)
        {
            foreach (Gpr n in All)
            {
                var x = (Xmm)n;
                E.Vmovd(x, r);
                _h.Expect(Mnemonic.Vmovd, x, R(4, r));
                E.Vmovd(r, x);
                _h.Expect(Mnemonic.Vmovd, R(4, r), x);
                E.Vmovq(x, r);
                _h.Expect(Mnemonic.Vmovq, x, R(8, r));
                E.Vmovq(r, x);
                _h.Expect(Mnemonic.Vmovq, R(8, r), x);
                E.Vmovmskps(r, x);
                _h.Expect(Mnemonic.Vmovmskps, R(4, r), x);
                E.Vmovmskpd(r, x);
                _h.Expect(Mnemonic.Vmovmskpd, R(4, r), x);
                E.Vpmovmskb(r, x);
                _h.Expect(Mnemonic.Vpmovmskb, R(4, r), x);
            }
        }

        foreach (MemCase m in MemCase.Some)
        {
            var x = (Xmm)(_h.Checks & 15);
            E.Vmovd(x, m.Mem);
            Assert.Equal(4, _h.Expect(Mnemonic.Vmovd, x, m).MemorySize.GetSize());
            E.Vmovd(m.Mem, x);
            Assert.Equal(4, _h.Expect(Mnemonic.Vmovd, m, x).MemorySize.GetSize());
            E.Vmovq(x, m.Mem);
            Assert.Equal(8, _h.Expect(Mnemonic.Vmovq, x, m).MemorySize.GetSize());
            E.Vmovq(m.Mem, x);
            Assert.Equal(8, _h.Expect(Mnemonic.Vmovq, m, x).MemorySize.GetSize());
        }

        E.Vmovq(Xmm.Xmm3, Xmm.Xmm11);
        _h.Expect(Mnemonic.Vmovq, Xmm.Xmm3, Xmm.Xmm11);
    }

    [Fact]
    public void InsertAndExtract()
    {
        foreach (Gpr r in All)
        {
            foreach (Gpr n in All)
            {
                var d = (Xmm)n;
                var a = (Xmm)Other(n);
                E.Vpinsrb(d, a, r, 13);
                _h.Expect(Mnemonic.Vpinsrb, d, a, R(4, r), Op.Imm(13));
                E.Vpinsrw(d, a, r, 5);
                _h.Expect(Mnemonic.Vpinsrw, d, a, R(4, r), Op.Imm(5));
                E.Vpinsrd(d, a, r, 3);
                _h.Expect(Mnemonic.Vpinsrd, d, a, R(4, r), Op.Imm(3));
                E.Vpinsrq(d, a, r, 1);
                _h.Expect(Mnemonic.Vpinsrq, d, a, R(8, r), Op.Imm(1));
                E.Vpextrb(r, d, 13);
                _h.Expect(Mnemonic.Vpextrb, R(4, r), d, Op.Imm(13));
                E.Vpextrw(r, d, 5);
                _h.Expect(Mnemonic.Vpextrw, R(4, r), d, Op.Imm(5));
                E.Vpextrd(r, d, 3);
                _h.Expect(Mnemonic.Vpextrd, R(4, r), d, Op.Imm(3));
                E.Vpextrq(r, d, 1);
                _h.Expect(Mnemonic.Vpextrq, R(8, r), d, Op.Imm(1));
            }
        }

        foreach (MemCase m in MemCase.Some)
        {
            var d = (Xmm)(_h.Checks & 15);
            var a = (Xmm)Other((Gpr)d);
            E.Vpinsrb(d, a, m.Mem, 2);
            _h.Expect(Mnemonic.Vpinsrb, d, a, m, Op.Imm(2));
            E.Vpinsrw(d, a, m.Mem, 2);
            _h.Expect(Mnemonic.Vpinsrw, d, a, m, Op.Imm(2));
            E.Vpinsrd(d, a, m.Mem, 2);
            _h.Expect(Mnemonic.Vpinsrd, d, a, m, Op.Imm(2));
            E.Vpinsrq(d, a, m.Mem, 1);
            _h.Expect(Mnemonic.Vpinsrq, d, a, m, Op.Imm(1));
            E.Vpextrb(m.Mem, d, 2);
            Assert.Equal(1, _h.Expect(Mnemonic.Vpextrb, m, d, Op.Imm(2)).MemorySize.GetSize());
            E.Vpextrw(m.Mem, d, 2);
            Assert.Equal(2, _h.Expect(Mnemonic.Vpextrw, m, d, Op.Imm(2)).MemorySize.GetSize());
            E.Vpextrd(m.Mem, d, 2);
            Assert.Equal(4, _h.Expect(Mnemonic.Vpextrd, m, d, Op.Imm(2)).MemorySize.GetSize());
            E.Vpextrq(m.Mem, d, 1);
            Assert.Equal(8, _h.Expect(Mnemonic.Vpextrq, m, d, Op.Imm(1)).MemorySize.GetSize());
        }
    }

    [Fact]
    public void Conversions()
    {
        foreach (int size in VexSizes)
        {
            foreach (Gpr r in All)
            {
                foreach (Gpr n in All)
                {
                    var x = (Xmm)n;
                    var a = (Xmm)Other(n);
                    E.Vcvtsi2ss(size, x, a, r);
                    _h.Expect(Mnemonic.Vcvtsi2ss, x, a, R(size, r));
                    E.Vcvtsi2sd(size, x, a, r);
                    _h.Expect(Mnemonic.Vcvtsi2sd, x, a, R(size, r));
                    E.Vcvttss2si(size, r, x);
                    _h.Expect(Mnemonic.Vcvttss2si, R(size, r), x);
                    E.Vcvttsd2si(size, r, x);
                    _h.Expect(Mnemonic.Vcvttsd2si, R(size, r), x);
                    E.Vcvtss2si(size, r, x);
                    _h.Expect(Mnemonic.Vcvtss2si, R(size, r), x);
                    E.Vcvtsd2si(size, r, x);
                    _h.Expect(Mnemonic.Vcvtsd2si, R(size, r), x);
                }
            }

            foreach (MemCase m in MemCase.Some)
            {
                E.Vcvtsi2ss(size, Xmm.Xmm9, Xmm.Xmm3, m.Mem);
                Assert.Equal(size, _h.Expect(Mnemonic.Vcvtsi2ss, Xmm.Xmm9, Xmm.Xmm3, m).MemorySize.GetSize());
                E.Vcvtsi2sd(size, Xmm.Xmm9, Xmm.Xmm3, m.Mem);
                Assert.Equal(size, _h.Expect(Mnemonic.Vcvtsi2sd, Xmm.Xmm9, Xmm.Xmm3, m).MemorySize.GetSize());
                E.Vcvttss2si(size, Gpr.R9, m.Mem);
                _h.Expect(Mnemonic.Vcvttss2si, R(size, Gpr.R9), m);
                E.Vcvttsd2si(size, Gpr.R9, m.Mem);
                _h.Expect(Mnemonic.Vcvttsd2si, R(size, Gpr.R9), m);
                E.Vcvtss2si(size, Gpr.R9, m.Mem);
                _h.Expect(Mnemonic.Vcvtss2si, R(size, Gpr.R9), m);
                E.Vcvtsd2si(size, Gpr.R9, m.Mem);
                _h.Expect(Mnemonic.Vcvtsd2si, R(size, Gpr.R9), m);
            }
        }
    }

    [Fact]
    public void ComparisonsIntoFlags()
    {
        MemCase m = MemCase.At(Gpr.R13);
        E.Vptest(Xmm.Xmm1, Xmm.Xmm9);
        _h.Expect(Mnemonic.Vptest, Xmm.Xmm1, Xmm.Xmm9);
        E.Vptest(Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vptest, Xmm.Xmm1, m);
        E.Vucomiss(Xmm.Xmm1, Xmm.Xmm9);
        _h.Expect(Mnemonic.Vucomiss, Xmm.Xmm1, Xmm.Xmm9);
        E.Vucomiss(Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vucomiss, Xmm.Xmm1, m);
        E.Vucomisd(Xmm.Xmm1, Xmm.Xmm9);
        _h.Expect(Mnemonic.Vucomisd, Xmm.Xmm1, Xmm.Xmm9);
        E.Vucomisd(Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vucomisd, Xmm.Xmm1, m);
        E.Vcomiss(Xmm.Xmm1, Xmm.Xmm9);
        _h.Expect(Mnemonic.Vcomiss, Xmm.Xmm1, Xmm.Xmm9);
        E.Vcomiss(Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vcomiss, Xmm.Xmm1, m);
        E.Vcomisd(Xmm.Xmm1, Xmm.Xmm9);
        _h.Expect(Mnemonic.Vcomisd, Xmm.Xmm1, Xmm.Xmm9);
        E.Vcomisd(Xmm.Xmm1, m.Mem);
        _h.Expect(Mnemonic.Vcomisd, Xmm.Xmm1, m);
    }

    [Fact]
    public void Opmasks()
    {
        foreach (Gpr r in All)
        {
            int k = (int)r & 7;
            E.Kmov(4, k, r);
            _h.Expect(Mnemonic.Kmovd, Register.K0 + k, R(4, r));
            E.Kmov(8, k, r);
            _h.Expect(Mnemonic.Kmovq, Register.K0 + k, R(8, r));
            E.Kmov(4, r, k);
            _h.Expect(Mnemonic.Kmovd, R(4, r), Register.K0 + k);
            E.Kmov(8, r, k);
            _h.Expect(Mnemonic.Kmovq, R(8, r), Register.K0 + k);
        }
    }

    [Fact]
    public void MaskedEvexForms()
    {
        for (int k = 1; k < 8; k++)
        {
            foreach (bool zero in new[] { false, true })
            {
                E.Evex(V.EvexPmullq, Xmm.Xmm17, Xmm.Xmm31, Xmm.Xmm24, k, zero);
                Instruction masked = _h.Expect(Mnemonic.Vpmullq, Xmm.Xmm17, Xmm.Xmm31, Xmm.Xmm24);
                Assert.Equal(Register.K0 + k, masked.OpMask);
                Assert.Equal(zero, masked.ZeroingMasking);
                E.Evex(V.EvexPmullq, Xmm.Xmm17, Xmm.Xmm31, MemCase.At(Gpr.Rdi, 0x7F0).Mem, k, zero);
                masked = _h.Expect(Mnemonic.Vpmullq, Xmm.Xmm17, Xmm.Xmm31, MemCase.At(Gpr.Rdi, 0x7F0));
                Assert.Equal(Register.K0 + k, masked.OpMask);
                E.EvexImm(V.EvexPternlogd, Xmm.Xmm3, Xmm.Xmm4, Xmm.Xmm5, 0x96, k, zero);
                masked = _h.Expect(Mnemonic.Vpternlogd, Xmm.Xmm3, Xmm.Xmm4, Xmm.Xmm5, Op.Imm(0x96));
                Assert.Equal(zero, masked.ZeroingMasking);
            }
        }
    }
}
