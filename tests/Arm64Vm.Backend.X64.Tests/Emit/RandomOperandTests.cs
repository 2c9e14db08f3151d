using Arm64Vm.Backend.X64.Emit;
using CsCheck;
using Iced.Intel;
using static Arm64Vm.Backend.X64.Tests.Emit.Regs;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>Random operands through the forms with the most freedom. A failure prints the seed that repeats it.</summary>
public sealed class RandomOperandTests
{
    private static readonly Gen<Gpr> AnyGpr = Gen.Int[0, 15].Select(i => All[i]);
    private static readonly Gen<Gpr> AnyIndex = Gen.Int[0, 14].Select(i => (Gpr)(i < 4 ? i : i + 1));
    private static readonly Gen<int> AnySize = Gen.Int[0, 3].Select(i => Sizes[i]);
    private static readonly Gen<int> AnyDisp = Gen.OneOf(Gen.Const(0), Gen.Int[-130, 130], Gen.Int);

    private static readonly Gen<MemCase> AnyMem = Gen.OneOf(
        Gen.Select(AnyGpr, AnyDisp, (b, disp) => MemCase.At(b, disp)),
        Gen.Select(AnyGpr, AnyIndex, Gen.Int[0, 3].Select(i => 1 << i), AnyDisp, (b, i, scale, disp) => MemCase.At(b, i, scale, disp)));

    [Fact]
    public void Integer() => Gen.Select(Gen.Enum<AluOp>(), AnySize, AnyGpr, AnyMem, Gen.Int).Sample(
        (op, size, r, m, imm) =>
        {
            using var h = new EmitHarness();
            Mnemonic name = Enum.Parse<Mnemonic>(op.ToString());
            h.Emitter.Alu(op, size, r, m.Mem);
            h.Expect(name, R(size, r), m);
            h.Emitter.Alu(op, size, m.Mem, r);
            h.Expect(name, m, R(size, r));
            h.Emitter.Alu(op, size, m.Mem, imm);
            h.Expect(name, m, Op.Imm(imm, size));
            h.Emitter.Alu(op, size, r, imm);
            h.Expect(name, R(size, r), Op.Imm(imm, size));
        },
        iter: 5_000);

    [Fact]
    public void Constants() => Gen.Select(AnyGpr, Gen.OneOf(Gen.ULong, Gen.UInt.Select(x => (ulong)x), Gen.Int.Select(x => (ulong)x))).Sample(
        (r, value) =>
        {
            using var h = new EmitHarness();
            h.Emitter.MovImm(r, value);
            Instruction mov = h.DecodeAt(0);
            Assert.Equal(Mnemonic.Mov, mov.Mnemonic);
            Assert.Equal(R64(r), mov.Op0Register.GetFullRegister());
            Assert.Equal(value, mov.GetImmediate(1));
        },
        iter: 5_000);

    [Fact]
    public void Vector() => Gen.Select(Gen.Int[0, 15], Gen.Int[0, 15], AnyMem, Gen.Byte).Sample(
        (d, a, m, imm) =>
        {
            using var h = new EmitHarness();
            h.Emitter.Vex(V.Fmadd231sd, (Xmm)d, (Xmm)a, m.Mem);
            h.Expect(Mnemonic.Vfmadd231sd, (Xmm)d, (Xmm)a, m);
            h.Emitter.VexImm(V.Pclmulqdq, (Xmm)d, (Xmm)a, m.Mem, imm);
            h.Expect(Mnemonic.Vpclmulqdq, (Xmm)d, (Xmm)a, m, Op.Imm(imm));
            h.Emitter.VexStore(V.Movdqu, m.Mem, (Xmm)d);
            h.Expect(Mnemonic.Vmovdqu, m, (Xmm)d);
            h.Emitter.Vex(V.Addps, (Xmm)d, (Xmm)a, m.Mem);
            h.Expect(Mnemonic.Vaddps, (Xmm)d, (Xmm)a, m);
            h.Emitter.Vex(V.EvexPmaxsq, (Xmm)(d * 2), (Xmm)(a + 16), m.Mem);
            h.Expect(Mnemonic.Vpmaxsq, (Xmm)(d * 2), (Xmm)(a + 16), m);
        },
        iter: 5_000);
}
