using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Tests.Compile;

/// <summary>Every form of every vector operation that the IR allows, and operand values that matter.</summary>
internal static class VectorCases
{
    private static readonly int[] Small = [1, 2, 4];
    private static readonly int[] All = [1, 2, 4, 8];
    private static readonly VectorShape[] Whole = [VectorShape.Q];
    private static readonly VectorShape[] QD = [VectorShape.Q, VectorShape.D];
    private static readonly VectorShape[] Three = [VectorShape.Q, VectorShape.D, VectorShape.Scalar];

    public static IEnumerable<IrInst> FormsOf(IrOp op)
    {
        switch (op)
        {
            case IrOp.VectorClearAbove:
                return Forms(op, Three, All);
            case >= IrOp.VectorAnd and <= IrOp.VectorBitSelect:
                return Forms(op, QD, [8]);
            case IrOp.VectorMul or IrOp.VectorCountLeadingZeros or IrOp.VectorCountLeadingSigns
                or IrOp.VectorAbsDifferenceSigned or IrOp.VectorAbsDifferenceUnsigned
                or (>= IrOp.VectorHalvingAddSigned and <= IrOp.VectorHalvingSubUnsigned):
                return Forms(op, Three, Small);
            case IrOp.VectorPolynomialMul or IrOp.VectorPopCount or IrOp.VectorReverseBits:
                return Forms(op, QD, [1]);
            case >= IrOp.VectorAdd and <= IrOp.VectorTestBits:
            case >= IrOp.VectorShiftUnsigned and <= IrOp.VectorRoundingShiftSigned:
                return Forms(op, Three, All);
            case IrOp.VectorShiftLeftImm or IrOp.VectorRotateRightImm:
            case >= IrOp.VectorSaturatingShiftLeftSignedImm and <= IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm:
                return Shifts(op, 0);
            case >= IrOp.VectorShiftRightUnsignedImm and <= IrOp.VectorRoundingShiftRightSignedImm:
                return Shifts(op, 1);
            case IrOp.VectorReverse:
                return Reversals();
            case IrOp.VectorNarrow:
            case >= IrOp.VectorSaturatingNarrowSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned:
                return Forms(op, [VectorShape.D, VectorShape.Scalar], Small);
            case IrOp.VectorWidenUnsigned or IrOp.VectorWidenSigned:
                return [.. Forms(op, Whole, Small, 2), .. Forms(op, [VectorShape.Scalar], Small)];
            case IrOp.VectorMulLongUnsigned or IrOp.VectorMulLongSigned:
                return Forms(op, Whole, Small, 2);
            case IrOp.VectorPolynomialMulLong:
                return Forms(op, Whole, [1, 8], 2);
            case IrOp.VectorPairAddLongUnsigned or IrOp.VectorPairAddLongSigned:
                return Forms(op, QD, Small);
            case IrOp.VectorReduceAdd:
                return [.. Forms(op, QD, Small), .. Forms(op, Whole, [8])];
            case >= IrOp.VectorReduceMinSigned and <= IrOp.VectorReduceMaxUnsigned:
                return Forms(op, QD, Small);
            case IrOp.VectorBroadcast:
                return Forms(op, Three, All);
            case IrOp.VectorBroadcastElement:
                return Elements(op, Three);
            case IrOp.VectorInsertElement:
                return Elements(op, Whole);
            case IrOp.VectorInsertFromElement:
                return ElementPairs();
            case IrOp.VectorExtractElementUnsigned or IrOp.VectorExtractElementSigned:
                return Extractions(op);
            case IrOp.VectorCombine:
                return Forms(op, Whole, [8]);
            case IrOp.VectorExtract:
                return [.. Immediates(op, VectorShape.Q, 16), .. Immediates(op, VectorShape.D, 8)];
            case >= IrOp.VectorZip1 and <= IrOp.VectorTranspose2:
                return [.. Forms(op, Whole, All), .. Forms(op, [VectorShape.D], Small)];
            case IrOp.VectorTable:
                return from i in Forms(op, QD, [1]) from imm in (ulong[])[0, 16, 32, 48] select i with { Imm = imm };
            case >= IrOp.VectorDotUnsigned and <= IrOp.VectorDotUnsignedSigned:
            case IrOp.VectorReciprocalEstimate or IrOp.VectorReciprocalSqrtEstimate:
                return Forms(op, QD, [4]);
            case >= IrOp.VectorMatrixMulUnsigned and <= IrOp.VectorMatrixMulUnsignedSigned:
                return Forms(op, Whole, [4]);
            case >= IrOp.VectorSm3TT1A and <= IrOp.VectorSm3TT2B:
                return Immediates(op, VectorShape.Q, 4);
            case >= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key:
                return Forms(op, Whole, [4]);
            case >= IrOp.VectorSaturatingDoublingMulHigh and <= IrOp.VectorSaturatingRoundingDoublingMulSubHigh:
                return Forms(op, Three, [2, 4]);
            case IrOp.VectorSaturatingDoublingMulLong:
                return [.. Forms(op, Whole, [2, 4], 2), .. Forms(op, [VectorShape.Scalar], [2, 4])];
            case >= IrOp.VectorSaturatingAddSigned and <= IrOp.VectorSaturatingRoundingShiftSigned:
                return Forms(op, Three, All);
            case IrOp.VectorConst:
                return from shape in QD
                       from imm in (ulong[])[0, ulong.MaxValue, 0x0123_4567_89AB_CDEF]
                       select new IrInst { Op = op, Type = IrType.V128, Size = 8, Shape = shape, Imm = imm };
            default:
                return [];
        }
    }

    /// <summary>Number of vector operands; general ones do not count.</summary>
    public static int OperandsOf(IrOp op) => op switch
    {
        IrOp.VectorConst or IrOp.VectorBroadcast => 0,
        IrOp.VectorClearAbove or IrOp.VectorNot or IrOp.VectorNeg or IrOp.VectorAbs => 1,
        >= IrOp.VectorShiftLeftImm and <= IrOp.VectorRotateRightImm => 1,
        >= IrOp.VectorPopCount and <= IrOp.VectorWidenSigned => 1,
        IrOp.VectorPairAddLongUnsigned or IrOp.VectorPairAddLongSigned => 1,
        >= IrOp.VectorReduceAdd and <= IrOp.VectorReduceMaxUnsigned => 1,
        IrOp.VectorBroadcastElement or IrOp.VectorInsertElement => 1,
        IrOp.VectorExtractElementUnsigned or IrOp.VectorExtractElementSigned => 1,
        IrOp.VectorReciprocalEstimate or IrOp.VectorReciprocalSqrtEstimate => 1,
        IrOp.VectorAesMixColumns or IrOp.VectorAesInverseMixColumns or IrOp.VectorSha1FixedRotate => 1,
        IrOp.VectorSaturatingAbs or IrOp.VectorSaturatingNeg => 1,
        >= IrOp.VectorSaturatingShiftLeftSignedImm and <= IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm => 1,
        >= IrOp.VectorSaturatingNarrowSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned => 1,
        IrOp.VectorBitSelect or IrOp.VectorTable => 3,
        >= IrOp.VectorDotUnsigned and <= IrOp.VectorMatrixMulUnsignedSigned => 3,
        >= IrOp.VectorSha1Choose and <= IrOp.VectorSha1Majority => 3,
        IrOp.VectorSha1Schedule0 or IrOp.VectorSha256Hash or IrOp.VectorSha256Hash2 or IrOp.VectorSha256Schedule1 => 3,
        IrOp.VectorSha512Hash or IrOp.VectorSha512Hash2 or IrOp.VectorSha512Schedule1 => 3,
        >= IrOp.VectorSm3SS1 and <= IrOp.VectorSm3PartW2 => 3,
        IrOp.VectorSaturatingRoundingDoublingMulAddHigh or IrOp.VectorSaturatingRoundingDoublingMulSubHigh => 3,
        _ => 2,
    };

    private static IEnumerable<IrInst> Forms(IrOp op, VectorShape[] shapes, int[] sizes, int auxes = 1) =>
        from shape in shapes
        from size in sizes
        from aux in Enumerable.Range(0, auxes)
        select new IrInst { Op = op, Type = IrType.V128, Size = (byte)size, Shape = shape, Aux = (byte)aux };

    private static IEnumerable<IrInst> Shifts(IrOp op, int first) =>
        from i in Forms(op, Three, All)
        from amount in Enumerable.Range(first, i.Size * 8)
        where i.Shape == VectorShape.Q || amount % 3 == 0
        select i with { Imm = (ulong)amount };

    private static IEnumerable<IrInst> Immediates(IrOp op, VectorShape shape, int count) =>
        from i in Forms(op, [shape], [1])
        from imm in Enumerable.Range(0, count)
        select i with { Imm = (ulong)imm };

    private static IEnumerable<IrInst> Reversals() =>
        from i in Forms(IrOp.VectorReverse, QD, Small)
        from container in Small
        where container * 2 > i.Size
        select i with { Aux = (byte)(container * 2) };

    private static IEnumerable<IrInst> Elements(IrOp op, VectorShape[] shapes) =>
        from i in Forms(op, shapes, All)
        from index in Enumerable.Range(0, 16 / i.Size)
        select i with { Aux = (byte)index };

    private static IEnumerable<IrInst> ElementPairs() =>
        from i in Elements(IrOp.VectorInsertFromElement, Whole)
        from source in Enumerable.Range(0, 16 / i.Size)
        select i with { Imm = (ulong)source };

    private static IEnumerable<IrInst> Extractions(IrOp op) =>
        from i in Elements(op, Whole)
        from type in (IrType[])[IrType.I32, IrType.I64]
        where type == IrType.I64 || i.Size <= 4
        select i with { Type = type };

    // ---- Values ------------------------------------------------------------------------------------------------------

    public static Bits128 Value(Random random, int size)
    {
        switch (random.Next(8))
        {
            case 0:
                return default;
            case 1:
                return new Bits128(ulong.MaxValue, ulong.MaxValue);
            case 2 or 3:
                return new Bits128((ulong)random.NextInt64(), (ulong)random.NextInt64() * 3);
            case 4:
                return Lanes(size, _ => Special(random, size));
            case 5:
                return Lanes(size, _ => (ulong)random.Next(-3, 4));
            case 6:
                // Shift amounts, and numbers near the limits of half the element.
                return Lanes(size, _ => random.Next(2) == 0 ? (ulong)random.Next(-(size * 8) - 2, (size * 8) + 3) : (Special(random, Math.Max(1, size / 2)) + (ulong)random.Next(-1, 2)));
            default:
                return Lanes(1, _ => random.Next(3) == 0 ? Special(random, 1) : (ulong)random.Next(80));
        }
    }

    private static ulong Special(Random random, int size)
    {
        ulong sign = 1UL << ((size * 8) - 1);
        return random.Next(6) switch
        {
            0 => sign,
            1 => sign - 1,
            2 => sign + (ulong)random.Next(3),
            3 => ulong.MaxValue - (ulong)random.Next(3),
            4 => sign >> random.Next(size * 8),
            _ => (ulong)random.NextInt64(),
        };
    }

    private static Bits128 Lanes(int size, Func<int, ulong> element)
    {
        Bits128 value = default;
        for (int i = 0; i < 16 / size; i++)
            value.SetElement(size, i, element(i));
        return value;
    }
}
