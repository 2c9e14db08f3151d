using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Tests.Vector;

public class VectorShapeTests
{
    private static readonly Operands Full = new()
    {
        A = new Bits128(0x8081_82FF_7F01_FE55, 0xFFEE_DDCC_0102_8000),
        B = new Bits128(0x0203_04FE_0180_7F33, 0x8000_0001_7FFF_FFFF),
        C = new Bits128(0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF),
    };

    public static TheoryData<object> AllOperations()
    {
        var data = new TheoryData<object>();
        foreach (IrOp op in Enum.GetValues<IrOp>())
        {
            if (IrOps.IsVector(op))
                data.Add(op);
        }

        return data;
    }

    /// <summary>Operations whose result is a whole register whatever the shape says.</summary>
    private static bool AlwaysWhole(IrOp op) =>
        op is IrOp.VectorInsertElement or IrOp.VectorInsertFromElement or IrOp.VectorCombine
            or (>= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key);

    [Theory]
    [MemberData(nameof(AllOperations))]
    public void BitsAboveTheLiveLanesAreZero(object opCase)
    {
        var op = (IrOp)opCase;
        foreach (int size in (int[])[1, 2, 4])
        {
            FpEnvironment fp = default;
            var instruction = new IrInst { Op = op, Type = IrType.V128, Size = (byte)size, Imm = 1 };
            if (op == IrOp.VectorReverse)
                instruction.Aux = 8;
            instruction.Shape = VectorShape.Q;
            Bits128 whole = VectorOperations.Evaluate(instruction, Full, ref fp);
            instruction.Shape = VectorShape.D;
            Bits128 half = VectorOperations.Evaluate(instruction, Full, ref fp);
            if (!AlwaysWhole(op))
                Assert.Equal(0UL, half.Hi);
            else
                Assert.Equal(whole, half);
        }
    }

    [Fact]
    public void OnlySaturatingOperationsSetQc()
    {
        foreach (IrOp op in Enum.GetValues<IrOp>())
        {
            if (!IrOps.IsVector(op) || IrOps.SetsSaturation(op))
                continue;
            FpEnvironment fp = default;
            var instruction = new IrInst { Op = op, Type = IrType.V128, Size = 1, Imm = 1, Aux = (byte)(op == IrOp.VectorReverse ? 8 : 0) };
            VectorOperations.Evaluate(instruction, Full, ref fp);
            Assert.Equal(0u, fp.Fpsr);
            Assert.False(IrOps.HasEffect(op));
        }
    }
}
