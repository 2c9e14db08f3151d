using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class ShiftTests : IDisposable
{
    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    [Fact]
    public void Group2()
    {
        foreach (ShiftOp op in Enum.GetValues<ShiftOp>())
        {
            Mnemonic name = Enum.Parse<Mnemonic>(op.ToString());
            foreach (int size in Sizes)
            {
                foreach (Gpr r in All)
                {
                    foreach (int count in new[] { 0, 1, 2, 7, 31, 63 })
                    {
                        E.Shift(op, size, r, count);
                        _h.Expect(name, R(size, r), Op.Imm(count));
                    }

                    E.ShiftCl(op, size, r);
                    _h.Expect(name, R(size, r), Register.CL);
                }

                foreach (MemCase m in MemCase.Some)
                {
                    E.Shift(op, size, m.Mem, 1);
                    _h.Expect(name, m, Op.Imm(1));
                    E.Shift(op, size, m.Mem, 5);
                    _h.Expect(name, m, Op.Imm(5));
                }
            }
        }
    }

    [Fact]
    public void DoubleShifts()
    {
        foreach (int size in WideSizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    E.Shld(size, d, s, 13);
                    _h.Expect(Mnemonic.Shld, R(size, d), R(size, s), Op.Imm(13));
                    E.Shrd(size, d, s, 1);
                    _h.Expect(Mnemonic.Shrd, R(size, d), R(size, s), Op.Imm(1));
                    E.ShldCl(size, d, s);
                    _h.Expect(Mnemonic.Shld, R(size, d), R(size, s), Register.CL);
                    E.ShrdCl(size, d, s);
                    _h.Expect(Mnemonic.Shrd, R(size, d), R(size, s), Register.CL);
                }
            }
        }
    }

    [Fact]
    public void Bmi2()
    {
        foreach (int size in VexSizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    Gpr c = Other(s);
                    E.Shlx(size, d, s, c);
                    _h.Expect(Mnemonic.Shlx, R(size, d), R(size, s), R(size, c));
                    E.Shrx(size, d, s, c);
                    _h.Expect(Mnemonic.Shrx, R(size, d), R(size, s), R(size, c));
                    E.Sarx(size, d, s, c);
                    _h.Expect(Mnemonic.Sarx, R(size, d), R(size, s), R(size, c));
                    E.Rorx(size, d, s, 17);
                    _h.Expect(Mnemonic.Rorx, R(size, d), R(size, s), Op.Imm(17));
                }

                foreach (MemCase m in MemCase.Some)
                {
                    Gpr c = Other(d);
                    E.Shlx(size, d, m.Mem, c);
                    _h.Expect(Mnemonic.Shlx, R(size, d), m, R(size, c));
                    E.Shrx(size, d, m.Mem, c);
                    _h.Expect(Mnemonic.Shrx, R(size, d), m, R(size, c));
                    E.Sarx(size, d, m.Mem, c);
                    _h.Expect(Mnemonic.Sarx, R(size, d), m, R(size, c));
                    E.Rorx(size, d, m.Mem, 3);
                    _h.Expect(Mnemonic.Rorx, R(size, d), m, Op.Imm(3));
                }
            }
        }
    }
}
