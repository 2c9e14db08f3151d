using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Iced.Intel;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Code for processors that have more than the one that runs the tests can be made and is well-formed.</summary>
public sealed unsafe class FeatureTests
{
    private static HostFeatures Everything => HostFeatures.Detect() with
    {
        Aes = true,
        Sha = true,
        Pclmulqdq = true,
        Gfni = true,
        AvxVnni = true,
        Avx512Vl = true,
        Avx512Bw = true,
        Avx512Dq = true,
        Avx512Cd = true,
        Avx512Vbmi = true,
        Avx512Vnni = true,
        Avx512Bitalg = true,
        Avx512Vpopcntdq = true,
    };

    [Fact]
    public void EveryVectorOperationMakesInstructionsThatDecode()
    {
        using var runner = new RegionRunner(Everything);
        int instructions = 0;
        foreach (IrOp op in Enum.GetValues<IrOp>())
        {
            foreach (IrInst form in IrOps.IsVector(op) ? VectorCases.FormsOf(op) : [])
                instructions += Decode(runner, form);
        }

        Assert.True(instructions > 1000);
    }

    private static int Decode(RegionRunner runner, in IrInst form)
    {
        var b = new IrBuilder(new IrRegion());
        b.BeginBlock(0);
        b.BeginInstruction(0);
        bool fromGeneral = form.Op is IrOp.VectorBroadcast;
        IrValue a = fromGeneral ? b.ReadX(0) : b.ReadV(0);
        IrValue second = form.Op == IrOp.VectorInsertElement ? b.ReadX(0) : VectorCases.OperandsOf(form.Op) >= 2 ? b.ReadV(9) : default;
        IrValue c = VectorCases.OperandsOf(form.Op) == 3 ? b.ReadV(2) : default;
        IrValue result = b.Emit(form.Op, form.Type, a, second, c, size: form.Size, shape: form.Shape, aux: form.Aux, imm: form.Imm);
        if (form.Type == IrType.V128)
            b.WriteV(3, result);
        else
            b.WriteGpr(1, result);
        b.Exit(ExitReason.Halt);
        b.EndBlock();
        runner.Compile(b.Region);
        // Behind a call that leaves there is data.
        if (runner.Pure.Count != 0)
            return 0;
        byte[] code = runner.Code.ToArray();
        var decoder = Decoder.Create(64, code);
        int count = 0;
        while (decoder.IP < (ulong)code.Length)
        {
            Instruction instruction = decoder.Decode();
            Assert.False(instruction.IsInvalid, $"{form.Op} size {form.Size} {form.Shape} imm {form.Imm}: {Convert.ToHexString(code)}");
            count++;
        }

        return count;
    }
}
