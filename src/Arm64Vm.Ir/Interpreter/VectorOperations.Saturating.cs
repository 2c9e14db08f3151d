namespace Arm64Vm.Ir.Interpreter;

/// <summary>Operations that set FPSR.QC: the exact result is formed in 128 bits, then saturated.</summary>
internal static partial class VectorOperations
{
    private static Bits128 Saturating(in IrInst i, in Operands o, ref FpEnvironment fp)
    {
        Bits128 result = default;
        int size = i.Size, wide = size * 2;
        if (i.Op == IrOp.VectorSaturatingDoublingMulLong)
        {
            int first = i.Aux != 0 ? 8 / size : 0;
            int products = Lanes(i.Shape, wide);
            for (int lane = 0; lane < products; lane++)
            {
                Int128 product = (Int128)SignedElement(o.A, size, first + lane) * SignedElement(o.B, size, first + lane) * 2;
                result.SetElement(wide, lane, SaturateSigned(product, wide, ref fp));
            }

            return result;
        }

        bool narrowing = i.Op is >= IrOp.VectorSaturatingNarrowSigned and <= IrOp.VectorSaturatingNarrowSignedToUnsigned;
        int lanes = Lanes(i.Shape, size);
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong value = narrowing
                ? Narrow(i.Op, size, o.A.Element(wide, lane), ref fp)
                : SaturatingLane(i, o.A.Element(size, lane), o.B.Element(size, lane), o.C.Element(size, lane), ref fp);
            result.SetElement(size, lane, value);
        }

        return result;
    }

    private static ulong Narrow(IrOp op, int size, ulong a, ref FpEnvironment fp) => op switch
    {
        IrOp.VectorSaturatingNarrowSigned => SaturateSigned(Signed(a, size * 2), size, ref fp),
        IrOp.VectorSaturatingNarrowUnsigned => SaturateUnsigned(a, size, ref fp),
        _ => SaturateUnsigned(Signed(a, size * 2), size, ref fp),
    };

    private static ulong SaturatingLane(in IrInst i, ulong a, ulong b, ulong c, ref FpEnvironment fp)
    {
        int size = i.Size, bits = size * 8, imm = (int)i.Imm;
        Int128 ua = a, ub = b, sa = Signed(a, size), sb = Signed(b, size);
        Int128 addend = (Int128)Signed(c, size) << bits, round = Int128.One << (bits - 1);
        switch (i.Op)
        {
            case IrOp.VectorSaturatingAddSigned:
                return SaturateSigned(sa + sb, size, ref fp);
            case IrOp.VectorSaturatingAddUnsigned:
                return SaturateUnsigned(ua + ub, size, ref fp);
            case IrOp.VectorSaturatingSubSigned:
                return SaturateSigned(sa - sb, size, ref fp);
            case IrOp.VectorSaturatingSubUnsigned:
                return SaturateUnsigned(ua - ub, size, ref fp);
            case IrOp.VectorSaturatingAddSignedUnsigned:
                return SaturateSigned(sa + ub, size, ref fp);
            case IrOp.VectorSaturatingAddUnsignedSigned:
                return SaturateUnsigned(ua + sb, size, ref fp);
            case IrOp.VectorSaturatingAbs:
                return SaturateSigned(Int128.Abs(sa), size, ref fp);
            case IrOp.VectorSaturatingNeg:
                return SaturateSigned(-sa, size, ref fp);
            case IrOp.VectorSaturatingDoublingMulHigh:
                return SaturateSigned((sa * sb * 2) >> bits, size, ref fp);
            case IrOp.VectorSaturatingRoundingDoublingMulHigh:
                return SaturateSigned(((sa * sb * 2) + round) >> bits, size, ref fp);
            case IrOp.VectorSaturatingRoundingDoublingMulAddHigh:
                return SaturateSigned((addend + (sa * sb * 2) + round) >> bits, size, ref fp);
            case IrOp.VectorSaturatingRoundingDoublingMulSubHigh:
                return SaturateSigned((addend - (sa * sb * 2) + round) >> bits, size, ref fp);
            case IrOp.VectorSaturatingShiftLeftSignedImm:
                return SaturateSigned(sa << imm, size, ref fp);
            case IrOp.VectorSaturatingShiftLeftUnsignedImm:
                return SaturateUnsigned(ua << imm, size, ref fp);
            case IrOp.VectorSaturatingShiftLeftSignedToUnsignedImm:
                return SaturateUnsigned(sa << imm, size, ref fp);
            case IrOp.VectorSaturatingShiftUnsigned:
                return SaturateUnsigned(WideShift(ua, bits, (sbyte)b, rounding: false), size, ref fp);
            case IrOp.VectorSaturatingShiftSigned:
                return SaturateSigned(WideShift(sa, bits, (sbyte)b, rounding: false), size, ref fp);
            case IrOp.VectorSaturatingRoundingShiftUnsigned:
                return SaturateUnsigned(WideShift(ua, bits, (sbyte)b, rounding: true), size, ref fp);
            case IrOp.VectorSaturatingRoundingShiftSigned:
                return SaturateSigned(WideShift(sa, bits, (sbyte)b, rounding: true), size, ref fp);
            default:
                throw new InvalidOperationException($"{i.Op} does not saturate");
        }
    }

    /// <summary>As <see cref="ShiftBy"/>, but a value that leaves the element stays out of its range instead of wrapping.</summary>
    private static Int128 WideShift(Int128 value, int bits, int amount, bool rounding)
    {
        if (amount < bits)
            return ShiftBy(value, bits, amount, rounding);
        return value == 0 ? 0 : value > 0 ? Int128.MaxValue : Int128.MinValue;
    }

    private static ulong SaturateSigned(Int128 value, int size, ref FpEnvironment fp)
    {
        Int128 limit = Int128.One << ((size * 8) - 1);
        if (value >= -limit && value < limit)
            return Low(value);
        fp.Fpsr |= FpEnvironment.Saturated;
        return Low(value < 0 ? -limit : limit - 1);
    }

    private static ulong SaturateUnsigned(Int128 value, int size, ref FpEnvironment fp)
    {
        Int128 limit = Int128.One << (size * 8);
        if (value >= 0 && value < limit)
            return Low(value);
        fp.Fpsr |= FpEnvironment.Saturated;
        return value < 0 ? 0 : Low(limit - 1);
    }
}
