using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Tests.Vector;

/// <summary>Shifts by a register, all bytes by all amounts, against floating point, which is exact here.</summary>
public class VectorShiftTests
{
    [Theory]
    [InlineData(IrOp.VectorShiftUnsigned, false, false, false)]
    [InlineData(IrOp.VectorShiftSigned, true, false, false)]
    [InlineData(IrOp.VectorRoundingShiftUnsigned, false, true, false)]
    [InlineData(IrOp.VectorRoundingShiftSigned, true, true, false)]
    [InlineData(IrOp.VectorSaturatingShiftUnsigned, false, false, true)]
    [InlineData(IrOp.VectorSaturatingShiftSigned, true, false, true)]
    [InlineData(IrOp.VectorSaturatingRoundingShiftUnsigned, false, true, true)]
    [InlineData(IrOp.VectorSaturatingRoundingShiftSigned, true, true, true)]
    public void EveryByteByEveryAmount(object opCase, bool signed, bool rounding, bool saturating)
    {
        var op = (IrOp)opCase;
        for (int value = 0; value < 256; value++)
        {
            for (int amount = -128; amount < 128; amount++)
            {
                double exact = Math.ScaleB(signed ? (sbyte)value : value, amount);
                double rounded = Math.Floor(rounding ? exact + 0.5 : exact);
                double low = signed ? -128 : 0, high = signed ? 127 : 255;
                bool saturates = saturating && (rounded < low || rounded > high);
                int expected = saturates ? (int)(rounded < low ? low : high) : amount >= 8 ? 0 : (int)rounded;

                FpEnvironment fp = default;
                var operands = new Operands { A = new Bits128((ulong)value, 0), B = new Bits128((byte)amount, 0) };
                var instruction = new IrInst { Op = op, Type = IrType.V128, Size = 1, Shape = VectorShape.Scalar };
                Bits128 actual = VectorOperations.Evaluate(instruction, operands, ref fp);
                Assert.Equal(new Bits128((byte)expected, 0), actual);
                Assert.Equal(saturates ? FpEnvironment.Saturated : 0u, fp.Fpsr);
            }
        }
    }

    [Theory]
    [InlineData(IrOp.VectorSaturatingShiftUnsigned, 1UL, 64, ulong.MaxValue)]
    [InlineData(IrOp.VectorSaturatingShiftSigned, ulong.MaxValue, 127, 0x8000_0000_0000_0000)]
    [InlineData(IrOp.VectorRoundingShiftUnsigned, ulong.MaxValue, -64, 1UL)]
    [InlineData(IrOp.VectorRoundingShiftUnsigned, ulong.MaxValue, -65, 0UL)]
    [InlineData(IrOp.VectorRoundingShiftSigned, ulong.MaxValue, -64, 0UL)]
    [InlineData(IrOp.VectorShiftSigned, 0x8000_0000_0000_0000, -128, ulong.MaxValue)]
    public void DoublewordsAtTheLimits(object opCase, ulong value, int amount, ulong expected)
    {
        var op = (IrOp)opCase;
        FpEnvironment fp = default;
        var operands = new Operands { A = new Bits128(value, 0), B = new Bits128((byte)amount, 0) };
        var instruction = new IrInst { Op = op, Type = IrType.V128, Size = 8, Shape = VectorShape.Scalar };
        Assert.Equal(new Bits128(expected, 0), VectorOperations.Evaluate(instruction, operands, ref fp));
    }
}
