using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Operations of an element with the element at the same place.</summary>
internal static partial class VectorOperations
{
    private static Bits128 EachLane(in IrInst i, in Operands o)
    {
        Bits128 result = default;
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 0; lane < lanes; lane++)
            result.SetElement(i.Size, lane, Lane(i.Op, i.Size, o.A.Element(i.Size, lane), o.B.Element(i.Size, lane)));
        return result;
    }

    private static ulong Lane(IrOp op, int size, ulong a, ulong b)
    {
        long sa = Signed(a, size), sb = Signed(b, size);
        return op switch
        {
            IrOp.VectorAdd => a + b,
            IrOp.VectorSub => a - b,
            IrOp.VectorNeg => 0 - a,
            IrOp.VectorAbs => sa < 0 ? 0 - a : a,
            IrOp.VectorMul => a * b,
            IrOp.VectorPolynomialMul => (ulong)PolynomialProduct(a, b),
            IrOp.VectorAbsDifferenceSigned => sa > sb ? a - b : b - a,
            IrOp.VectorAbsDifferenceUnsigned => a > b ? a - b : b - a,
            IrOp.VectorHalvingAddSigned => (ulong)((sa + sb) >> 1),
            IrOp.VectorHalvingAddUnsigned => (a + b) >> 1,
            IrOp.VectorRoundingHalvingAddSigned => (ulong)((sa + sb + 1) >> 1),
            IrOp.VectorRoundingHalvingAddUnsigned => (a + b + 1) >> 1,
            IrOp.VectorHalvingSubSigned => (ulong)((sa - sb) >> 1),
            IrOp.VectorHalvingSubUnsigned => (ulong)((long)(a - b) >> 1),
            IrOp.VectorMinSigned => sa < sb ? a : b,
            IrOp.VectorMinUnsigned => a < b ? a : b,
            IrOp.VectorMaxSigned => sa > sb ? a : b,
            IrOp.VectorMaxUnsigned => a > b ? a : b,
            IrOp.VectorCompareEqual => Mask(a == b),
            IrOp.VectorCompareGreaterSigned => Mask(sa > sb),
            IrOp.VectorCompareGreaterUnsigned => Mask(a > b),
            IrOp.VectorCompareGreaterEqualSigned => Mask(sa >= sb),
            IrOp.VectorCompareGreaterEqualUnsigned => Mask(a >= b),
            IrOp.VectorTestBits => Mask((a & b) != 0),
            IrOp.VectorPopCount => (ulong)BitOperations.PopCount(a),
            IrOp.VectorCountLeadingZeros => (ulong)LeadingZeros(a, size),
            IrOp.VectorCountLeadingSigns => (ulong)LeadingZeros(sa < 0 ? ~a : a, size) - 1,
            IrOp.VectorReverseBits => ReverseByte(a),
            _ => throw new InvalidOperationException($"{op} is not lane-wise"),
        };
    }

    private static ulong Mask(bool condition) => condition ? ulong.MaxValue : 0;

    private static int LeadingZeros(ulong a, int size)
    {
        int unused = 64 - (size * 8);
        return BitOperations.LeadingZeroCount(a << unused >> unused) - unused;
    }

    private static ulong ReverseByte(ulong a)
    {
        ulong result = 0;
        for (int bit = 0; bit < 8; bit++)
            result |= ((a >> bit) & 1) << (7 - bit);
        return result;
    }

    /// <summary>Carry-less product.</summary>
    private static UInt128 PolynomialProduct(ulong a, ulong b)
    {
        UInt128 result = 0;
        for (int bit = 0; bit < 64; bit++)
        {
            if (((b >> bit) & 1) != 0)
                result ^= (UInt128)a << bit;
        }

        return result;
    }
}
