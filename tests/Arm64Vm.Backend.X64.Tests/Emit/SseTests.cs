using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class SseTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void ShaExtensions()
    {
        foreach (ShaOp op in Enum.GetValues<ShaOp>())
        {
            Mnemonic name = Enum.Parse<Mnemonic>(op.ToString());
            foreach (Gpr n in All)
            {
                foreach (Gpr o in All)
                {
                    Xmm d = (Xmm)n;
                    Xmm s = (Xmm)o;
                    MemCase m = MemCase.Some[(int)o];
                    if (op == ShaOp.Sha1rnds4)
                    {
                        byte imm = (byte)((int)o & 3);
                        E.Sha(op, d, s, imm);
                        _h.Expect(name, d, s, Op.Imm(imm));
                        E.Sha(op, d, m.Mem, imm);
                        _h.Expect(name, d, m, Op.Imm(imm));
                    }
                    else
                    {
                        E.Sha(op, d, s);
                        _h.Expect(name, d, s);
                        E.Sha(op, d, m.Mem);
                        _h.Expect(name, d, m);
                    }
                }
            }
        }
    }

    [Fact]
    public void LegacyMoves()
    {
        foreach (Gpr n in All)
        {
            Xmm d = (Xmm)n;
            Xmm s = (Xmm)Other(n);
            E.Movdqa(d, s);
            _h.Expect(Mnemonic.Movdqa, d, s);
            foreach (MemCase m in MemCase.Some)
            {
                E.Movdqa(d, m.Mem);
                _h.Expect(Mnemonic.Movdqa, d, m);
                E.Movdqa(m.Mem, d);
                _h.Expect(Mnemonic.Movdqa, m, d);
                E.Movdqu(d, m.Mem);
                _h.Expect(Mnemonic.Movdqu, d, m);
                E.Movdqu(m.Mem, d);
                _h.Expect(Mnemonic.Movdqu, m, d);
            }
        }
    }
}
