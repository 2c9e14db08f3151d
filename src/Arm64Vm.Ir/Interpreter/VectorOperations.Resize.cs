namespace Arm64Vm.Ir.Interpreter;

/// <summary>Operations between elements of Size and of 2·Size.</summary>
internal static partial class VectorOperations
{
    private static Bits128 Resize(in IrInst i, in Operands o)
    {
        if (i.Op == IrOp.VectorPolynomialMulLong && i.Size == 8)
        {
            UInt128 product = i.Aux != 0 ? PolynomialProduct(o.A.Hi, o.B.Hi) : PolynomialProduct(o.A.Lo, o.B.Lo);
            return new Bits128((ulong)product, (ulong)(product >> 64));
        }

        Bits128 result = default;
        int size = i.Size, wide = size * 2;
        if (i.Op == IrOp.VectorNarrow)
        {
            int count = Lanes(i.Shape, size);
            for (int lane = 0; lane < count; lane++)
                result.SetElement(size, lane, o.A.Element(wide, lane));
            return result;
        }

        int lanes = Lanes(i.Shape, wide);
        int first = i.Aux != 0 ? 8 / size : 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong a = o.A.Element(size, first + lane), b = o.B.Element(size, first + lane);
            ulong even = o.A.Element(size, lane * 2), odd = o.A.Element(size, (lane * 2) + 1);
            ulong value = i.Op switch
            {
                IrOp.VectorWidenUnsigned => a,
                IrOp.VectorWidenSigned => (ulong)Signed(a, size),
                IrOp.VectorMulLongUnsigned => a * b,
                IrOp.VectorMulLongSigned => (ulong)(Signed(a, size) * Signed(b, size)),
                IrOp.VectorPolynomialMulLong => (ulong)PolynomialProduct(a, b),
                IrOp.VectorPairAddLongUnsigned => even + odd,
                IrOp.VectorPairAddLongSigned => (ulong)(Signed(even, size) + Signed(odd, size)),
                _ => throw new InvalidOperationException($"{i.Op} does not resize"),
            };
            result.SetElement(wide, lane, value);
        }

        return result;
    }

    private static Bits128 Reduce(in IrInst i, in Bits128 a)
    {
        IrOp op = i.Op switch
        {
            IrOp.VectorReduceAdd => IrOp.VectorAdd,
            IrOp.VectorReduceMinSigned => IrOp.VectorMinSigned,
            IrOp.VectorReduceMinUnsigned => IrOp.VectorMinUnsigned,
            IrOp.VectorReduceMaxSigned => IrOp.VectorMaxSigned,
            _ => IrOp.VectorMaxUnsigned,
        };
        Bits128 result = default;
        ulong value = a.Element(i.Size, 0);
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 1; lane < lanes; lane++)
            value = Lane(op, i.Size, value, a.Element(i.Size, lane));
        result.SetElement(i.Size, 0, value);
        return result;
    }
}
