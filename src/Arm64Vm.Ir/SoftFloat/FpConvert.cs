namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Conversion between floating-point formats (FPConvert).</summary>
internal static partial class Fp
{
    /// <summary>FPConvert in FPCR's rounding mode, to 16, 32 or 64 bits from another of these.</summary>
    public static ulong Convert(int to, int from, ulong op, uint fpcr, ref uint fpsr) =>
        Convert(to, from, op, RoundingMode(fpcr), fpcr, ref fpsr);

    /// <summary>FCVTXN: double to single, rounding to odd.</summary>
    public static ulong ConvertRoundOdd(ulong op, uint fpcr, ref uint fpsr) => Convert(32, 64, op, FpRounding.Odd, fpcr, ref fpsr);

    private static ulong Convert(int to, int from, ulong op, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        UnpackForConvert(from, op, fpcr, ref fpsr, out FpUnpacked a);
        bool alternative = to == 16 && (fpcr & FpcrBits.AlternativeHalf) != 0;
        if (a.IsNaN)
        {
            if (a.Type == FpType.SignalingNaN || alternative)
                fpsr |= FpsrBits.InvalidOperation;
            if (alternative)
                return Zero(to, a.Sign);
            return (fpcr & FpcrBits.DefaultNaN) != 0 ? DefaultNaN(to) : ConvertNaN(to, from, op);
        }

        if (a.IsZero)
            return Zero(to, a.Sign);
        if (a.IsInfinity)
        {
            if (!alternative)
                return Infinity(to, a.Sign);
            fpsr |= FpsrBits.InvalidOperation;
            return Zero(to, a.Sign) | (Mask(to) >> 1);
        }

        return RoundForConvert(to, a.Sign, a.Exponent, a.Fraction, rounding, fpcr, ref fpsr);
    }
}
