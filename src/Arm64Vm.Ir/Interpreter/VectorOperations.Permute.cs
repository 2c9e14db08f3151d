namespace Arm64Vm.Ir.Interpreter;

/// <summary>Moving elements within and between registers.</summary>
internal static partial class VectorOperations
{
    private static Bits128 Permute(in IrInst i, in Operands o)
    {
        int size = i.Size;
        Bits128 result = default;
        switch (i.Op)
        {
            case IrOp.VectorExtractElementUnsigned:
                return new Bits128(o.A.Element(size, i.Aux), 0);
            case IrOp.VectorExtractElementSigned:
                long element = SignedElement(o.A, size, i.Aux);
                return new Bits128(i.Type == IrType.I32 ? (uint)element : (ulong)element, 0);
            case IrOp.VectorInsertElement:
                result = o.A;
                result.SetElement(size, i.Aux, o.B.Lo);
                return result;
            case IrOp.VectorInsertFromElement:
                result = o.A;
                result.SetElement(size, i.Aux, o.B.Element(size, (int)i.Imm));
                return result;
            case IrOp.VectorCombine:
                return new Bits128(o.A.Lo, o.B.Lo);
            case IrOp.VectorExtract:
                return Extract(i.Shape == VectorShape.Q ? 16 : 8, (int)i.Imm, o.A, o.B);
            case IrOp.VectorTable:
                return Table(i, o);
        }

        int lanes = Lanes(i.Shape, size);
        int half = lanes / 2;
        for (int lane = 0; lane < lanes; lane++)
        {
            int pair = lane & ~1;
            bool odd = (lane & 1) != 0, upper = lane >= half;
            ulong value = i.Op switch
            {
                IrOp.VectorBroadcast => o.A.Lo,
                IrOp.VectorBroadcastElement => o.A.Element(size, i.Aux),
                IrOp.VectorReverse => o.A.Element(size, lane ^ ((i.Aux / size) - 1)),
                IrOp.VectorZip1 => (odd ? o.B : o.A).Element(size, lane / 2),
                IrOp.VectorZip2 => (odd ? o.B : o.A).Element(size, half + (lane / 2)),
                IrOp.VectorUnzip1 => upper ? o.B.Element(size, (lane - half) * 2) : o.A.Element(size, lane * 2),
                IrOp.VectorUnzip2 => upper ? o.B.Element(size, ((lane - half) * 2) + 1) : o.A.Element(size, (lane * 2) + 1),
                IrOp.VectorTranspose1 => (odd ? o.B : o.A).Element(size, pair),
                IrOp.VectorTranspose2 => (odd ? o.B : o.A).Element(size, pair + 1),
                _ => throw new InvalidOperationException($"{i.Op} is not a permutation"),
            };
            result.SetElement(size, lane, value);
        }

        return result;
    }

    private static Bits128 Extract(int bytes, int first, in Bits128 low, in Bits128 high)
    {
        Bits128 result = default;
        for (int i = 0; i < bytes; i++)
        {
            int from = first + i;
            result.SetElement(1, i, from < bytes ? low.Element(1, from) : high.Element(1, from - bytes));
        }

        return result;
    }

    private static Bits128 Table(in IrInst i, in Operands o)
    {
        Bits128 result = default;
        int bytes = Lanes(i.Shape, 1);
        for (int lane = 0; lane < bytes; lane++)
        {
            ulong index = o.A.Element(1, lane) - i.Imm;
            result.SetElement(1, lane, index < 16 ? o.B.Element(1, (int)index) : o.C.Element(1, lane));
        }

        return result;
    }
}
