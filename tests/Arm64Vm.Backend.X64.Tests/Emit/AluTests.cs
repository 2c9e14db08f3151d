using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

public sealed class AluTests : IDisposable
{
    private static readonly int[] Immediates = [0, 1, -1, 127, -128, 128, 255, -129, 0x1234, 0x7FFF, -0x8000, 0x12345678, int.MinValue];

    private readonly EmitHarness _h = new();

    private X64Emitter E => _h.Emitter;

    public void Dispose() => _h.Dispose();

    public static TheoryData<object> Ops => [.. Enum.GetValues<AluOp>().Cast<object>()];

    private static Mnemonic Name(AluOp op) => Enum.Parse<Mnemonic>(op.ToString());

    [Theory]
    [MemberData(nameof(Ops))]
    public void Registers(object opCase)
    {
        var op = (AluOp)opCase;
        foreach (int size in Sizes)
        {
            foreach (Gpr d in All)
            {
                foreach (Gpr s in All)
                {
                    E.Alu(op, size, d, s);
                    _h.Expect(Name(op), R(size, d), R(size, s));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ops))]
    public void MemoryAndRegister(object opCase)
    {
        var op = (AluOp)opCase;
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                foreach (MemCase m in MemCase.Some)
                {
                    E.Alu(op, size, r, m.Mem);
                    Assert.Equal(size, _h.Expect(Name(op), R(size, r), m).MemorySize.GetSize());
                    E.Alu(op, size, m.Mem, r);
                    Assert.Equal(size, _h.Expect(Name(op), m, R(size, r)).MemorySize.GetSize());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ops))]
    public void RegisterAndImmediate(object opCase)
    {
        var op = (AluOp)opCase;
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                foreach (int imm in Immediates)
                {
                    E.Alu(op, size, r, imm);
                    _h.Expect(Name(op), R(size, r), Op.Imm(imm, size));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Ops))]
    public void MemoryAndImmediate(object opCase)
    {
        var op = (AluOp)opCase;
        foreach (int size in Sizes)
        {
            foreach (MemCase m in MemCase.Some)
            {
                foreach (int imm in Immediates)
                {
                    E.Alu(op, size, m.Mem, imm);
                    Assert.Equal(size, _h.Expect(Name(op), m, Op.Imm(imm, size)).MemorySize.GetSize());
                }
            }
        }
    }

    [Fact]
    public void SmallImmediatesTakeOneByte()
    {
        Assert.Equal(3, Length(() => E.Alu(AluOp.Add, 4, Gpr.Rcx, -1)));
        Assert.Equal(4, Length(() => E.Alu(AluOp.Add, 8, Gpr.Rcx, 127)));
        Assert.Equal(4, Length(() => E.Alu(AluOp.Add, 2, Gpr.Rcx, 0xFFFF)));
        Assert.Equal(5, Length(() => E.Alu(AluOp.Add, 4, Gpr.Rax, 128)));
        Assert.Equal(2, Length(() => E.Alu(AluOp.Add, 1, Gpr.Rax, 128)));
        Assert.Equal(6, Length(() => E.Alu(AluOp.Add, 4, Gpr.Rcx, 128)));
    }

    [Fact]
    public void TestAllForms()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                E.Test(size, r, Other(r));
                _h.Expect(Mnemonic.Test, R(size, r), R(size, Other(r)));
                foreach (int imm in Immediates)
                {
                    E.Test(size, r, imm);
                    _h.Expect(Mnemonic.Test, R(size, r), Op.Imm(imm, size));
                }

                foreach (MemCase m in MemCase.Some)
                {
                    E.Test(size, m.Mem, r);
                    _h.Expect(Mnemonic.Test, m, R(size, r));
                    E.Test(size, m.Mem, Immediates[(int)r % Immediates.Length]);
                    _h.Expect(Mnemonic.Test, m, Op.Imm(Immediates[(int)r % Immediates.Length], size));
                }
            }
        }
    }

    [Fact]
    public void OneOperand()
    {
        foreach (int size in Sizes)
        {
            foreach (Gpr r in All)
            {
                E.Not(size, r);
                _h.Expect(Mnemonic.Not, R(size, r));
                E.Neg(size, r);
                _h.Expect(Mnemonic.Neg, R(size, r));
                E.Inc(size, r);
                _h.Expect(Mnemonic.Inc, R(size, r));
                E.Dec(size, r);
                _h.Expect(Mnemonic.Dec, R(size, r));
                E.Mul(size, r);
                _h.Expect(Mnemonic.Mul, R(size, r));
                E.ImulWide(size, r);
                _h.Expect(Mnemonic.Imul, R(size, r));
                E.Div(size, r);
                _h.Expect(Mnemonic.Div, R(size, r));
                E.Idiv(size, r);
                _h.Expect(Mnemonic.Idiv, R(size, r));
            }

            foreach (MemCase m in MemCase.Some)
            {
                E.Not(size, m.Mem);
                _h.Expect(Mnemonic.Not, m);
                E.Neg(size, m.Mem);
                _h.Expect(Mnemonic.Neg, m);
                E.Inc(size, m.Mem);
                _h.Expect(Mnemonic.Inc, m);
                E.Dec(size, m.Mem);
                _h.Expect(Mnemonic.Dec, m);
                E.Mul(size, m.Mem);
                _h.Expect(Mnemonic.Mul, m);
                E.ImulWide(size, m.Mem);
                _h.Expect(Mnemonic.Imul, m);
            }
        }
    }

    [Fact]
    public void Multiply()
    {
        foreach (Gpr d in All)
        {
            foreach (Gpr s in All)
            {
                foreach (int size in WideSizes)
                {
                    E.Imul(size, d, s);
                    _h.Expect(Mnemonic.Imul, R(size, d), R(size, s));
                    foreach (int imm in Immediates)
                    {
                        E.ImulImm(size, d, s, imm);
                        _h.Expect(Mnemonic.Imul, R(size, d), R(size, s), Op.Imm(imm, size));
                    }
                }

                foreach (int size in VexSizes)
                {
                    E.Mulx(size, d, s, Other(s));
                    _h.Expect(Mnemonic.Mulx, R(size, d), R(size, s), R(size, Other(s)));
                }
            }

            foreach (MemCase m in MemCase.Some)
            {
                foreach (int size in WideSizes)
                {
                    E.Imul(size, d, m.Mem);
                    _h.Expect(Mnemonic.Imul, R(size, d), m);
                }

                E.Mulx(8, d, Other(d), m.Mem);
                _h.Expect(Mnemonic.Mulx, R64(d), R64(Other(d)), m);
            }
        }

        E.Cdq();
        _h.Expect(Mnemonic.Cdq);
        E.Cqo();
        _h.Expect(Mnemonic.Cqo);
    }

    private int Length(Action emit)
    {
        _h.Restart();
        emit();
        return E.Position;
    }
}
