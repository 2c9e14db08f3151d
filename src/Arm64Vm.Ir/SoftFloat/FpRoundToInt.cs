namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Rounding to integral values in floating-point format (FPRoundInt, FPRoundIntN).</summary>
internal static partial class Fp
{
    /// <summary>FPRoundInt: <paramref name="exact"/> (FRINTX) makes a changed value raise Inexact.</summary>
    public static ulong RoundToInt(int width, ulong op, FpRounding rounding, bool exact, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return ProcessNaN(width, a.Type, op, fpcr, ref fpsr);
        if (a.IsInfinity)
            return Infinity(width, a.Sign);
        if (a.IsZero)
            return Zero(width, a.Sign);
        if (a.Exponent >= FractionBits(width))
            return op & Mask(width);

        ulong magnitude = RoundMagnitude(a, a.Exponent, rounding, out bool inexact);
        if (inexact && exact)
            fpsr |= FpsrBits.Inexact;
        if (magnitude == 0)
            return Zero(width, a.Sign);
        return RoundInteger(width, a.Sign, magnitude, 0, FpRounding.Zero, fpcr, ref fpsr);
    }

    /// <summary>
    /// FPRoundIntN (FRINT32X/Z, FRINT64X/Z): values outside a signed integer of <paramref name="intSize"/> bits, infinities and
    /// NaNs give the most negative one and Invalid Operation.
    /// </summary>
    public static ulong RoundToIntN(int width, ulong op, FpRounding rounding, int intSize, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsZero)
            return Zero(width, a.Sign);

        ulong limit = 1UL << (intSize - 1);
        if (a.Type == FpType.NonZero && a.Exponent < intSize)
        {
            ulong magnitude = RoundMagnitude(a, a.Exponent, rounding, out bool inexact);
            if (magnitude < limit || (magnitude == limit && a.Sign))
            {
                if (inexact)
                    fpsr |= FpsrBits.Inexact;
                if (magnitude == 0)
                    return Zero(width, a.Sign);
                return RoundInteger(width, a.Sign, magnitude, 0, FpRounding.Zero, fpcr, ref fpsr);
            }
        }

        fpsr |= FpsrBits.InvalidOperation;
        int bias = (1 << (ExponentBits(width) - 1)) - 1;
        return Zero(width, true) | ((ulong)(uint)(bias + intSize - 1) << FractionBits(width));
    }

    /// <summary>
    /// |value| rounded to an integer, for the significand of a non-zero value at <paramref name="exponent"/>, which is at most 63.
    /// The result is below 2^64: significands have at most 53 bits, so a value of exponent 63 or 62 has no fraction.
    /// </summary>
    private static ulong RoundMagnitude(in FpUnpacked value, int exponent, FpRounding rounding, out bool inexact)
    {
        ulong magnitude, error;
        if (exponent >= 0)
        {
            magnitude = value.Fraction >> (63 - exponent);
            error = exponent == 63 ? 0 : value.Fraction << (exponent + 1);
        }
        else
        {
            magnitude = 0;
            error = ShiftRightJam(value.Fraction, -1 - exponent);
        }

        inexact = error != 0;
        if (inexact && RoundsUp(rounding, value.Sign, (magnitude & 1) != 0, error))
            magnitude++;
        return magnitude;
    }
}
