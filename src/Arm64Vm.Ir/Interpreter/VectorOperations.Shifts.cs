namespace Arm64Vm.Ir.Interpreter;

internal static partial class VectorOperations
{
    private static Bits128 EachShift(in IrInst i, in Operands o)
    {
        Bits128 result = default;
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong a = o.A.Element(i.Size, lane);
            int amount = (sbyte)o.B.Element(i.Size, lane);
            result.SetElement(i.Size, lane, Shift(i.Op, i.Size, a, amount, (int)i.Imm));
        }

        return result;
    }

    private static ulong Shift(IrOp op, int size, ulong a, int amount, int imm)
    {
        Int128 unsigned = a, signed = Signed(a, size);
        int bits = size * 8;
        return op switch
        {
            IrOp.VectorShiftLeftImm => a << imm,
            IrOp.VectorShiftRightUnsignedImm => Low(ShiftBy(unsigned, bits, -imm, rounding: false)),
            IrOp.VectorShiftRightSignedImm => Low(ShiftBy(signed, bits, -imm, rounding: false)),
            IrOp.VectorRoundingShiftRightUnsignedImm => Low(ShiftBy(unsigned, bits, -imm, rounding: true)),
            IrOp.VectorRoundingShiftRightSignedImm => Low(ShiftBy(signed, bits, -imm, rounding: true)),
            IrOp.VectorRotateRightImm => imm == 0 ? a : (a >> imm) | (a << (bits - imm)),
            IrOp.VectorShiftUnsigned => Low(ShiftBy(unsigned, bits, amount, rounding: false)),
            IrOp.VectorShiftSigned => Low(ShiftBy(signed, bits, amount, rounding: false)),
            IrOp.VectorRoundingShiftUnsigned => Low(ShiftBy(unsigned, bits, amount, rounding: true)),
            IrOp.VectorRoundingShiftSigned => Low(ShiftBy(signed, bits, amount, rounding: true)),
            _ => throw new InvalidOperationException($"{op} is not a shift"),
        };
    }

    private static ulong Low(Int128 value) => (ulong)(value & ulong.MaxValue);

    /// <summary>An element of <paramref name="bits"/> bits times 2^amount, exact but for what a right shift drops; a left shift by the element's width or more gives 0 (modulo the element).</summary>
    private static Int128 ShiftBy(Int128 value, int bits, int amount, bool rounding)
    {
        if (amount >= 0)
            return amount >= bits ? 0 : value << amount;
        int right = -amount;
        if (rounding)
            return right > bits ? 0 : (value + (Int128.One << (right - 1))) >> right;
        return value >> Math.Min(right, bits);
    }
}
