namespace Arm64Vm.Ir.Interpreter;

/// <summary>Vector integer and crypto operations, as said at each <see cref="IrOp"/>.</summary>
internal static partial class VectorOperations
{
    public static Bits128 Evaluate(in IrInst instruction, in Operands operands, ref FpEnvironment fp) => instruction.Op switch
    {
        <= IrOp.VectorBitSelect => Bitwise(instruction, operands),
        >= IrOp.VectorAdd and <= IrOp.VectorTestBits => EachLane(instruction, operands),
        >= IrOp.VectorShiftLeftImm and <= IrOp.VectorRoundingShiftSigned => EachShift(instruction, operands),
        >= IrOp.VectorPopCount and <= IrOp.VectorCountLeadingSigns => EachLane(instruction, operands),
        >= IrOp.VectorNarrow and <= IrOp.VectorPairAddLongSigned => Resize(instruction, operands),
        >= IrOp.VectorReduceAdd and <= IrOp.VectorReduceMaxUnsigned => Reduce(instruction, operands.A),
        IrOp.VectorReverseBits => EachLane(instruction, operands),
        IrOp.VectorReverse or (>= IrOp.VectorBroadcast and <= IrOp.VectorTable) => Permute(instruction, operands),
        >= IrOp.VectorDotUnsigned and <= IrOp.VectorReciprocalSqrtEstimate => SumsOfProducts(instruction, operands),
        >= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key => Crypto(instruction, operands),
        >= IrOp.VectorSaturatingAddSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned => Saturating(instruction, operands, ref fp),
        _ => throw new InvalidOperationException($"{instruction.Op} is not a vector operation"),
    };

    /// <summary>Number of live lanes.</summary>
    private static int Lanes(VectorShape shape, int size) => shape switch
    {
        VectorShape.Q => 16 / size,
        VectorShape.D => 8 / size,
        _ => 1,
    };

    private static long Signed(ulong element, int size)
    {
        int unused = 64 - (size * 8);
        return (long)(element << unused) >> unused;
    }

    private static long SignedElement(in Bits128 value, int size, int index) => Signed(value.Element(size, index), size);

    private static uint Word(in Bits128 value, int index) => (uint)value.Element(4, index);

    private static Bits128 Words(uint w0, uint w1, uint w2, uint w3) => new(w0 | ((ulong)w1 << 32), w2 | ((ulong)w3 << 32));

    /// <summary>Bits above the live lanes cleared.</summary>
    private static Bits128 ClearAbove(Bits128 value, VectorShape shape, int size)
    {
        switch (shape)
        {
            case VectorShape.Q:
                return value;
            case VectorShape.D:
                return new Bits128(value.Lo, 0);
            default:
                return new Bits128(value.Element(size, 0), 0);
        }
    }
}
