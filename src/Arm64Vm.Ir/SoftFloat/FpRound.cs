using System.Numerics;

namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Rounding of exact values into a format (FPRound), and the special values of each format.</summary>
internal static partial class Fp
{
    internal static ulong Zero(int width, bool sign) => sign ? 1UL << (width - 1) : 0;

    internal static ulong Infinity(int width, bool sign) =>
        Zero(width, sign) | (((1UL << ExponentBits(width)) - 1) << FractionBits(width));

    internal static ulong MaxNormal(int width, bool sign) => Infinity(width, sign) - 1;

    internal static ulong DefaultNaN(int width) => Infinity(width, false) | (1UL << (FractionBits(width) - 1));

    /// <summary>Rounds ±fraction · 2^(exponent - 63), bit 63 of the fraction set, bit 0 sticky, in FPCR's mode.</summary>
    internal static ulong Round(int width, bool sign, int exponent, ulong fraction, uint fpcr, ref uint fpsr)
    {
        int fractionBits = FractionBits(width);
        int exponentOnes = (1 << ExponentBits(width)) - 1;
        int biased = exponent + (exponentOnes >> 1);
        if (RoundingMode(fpcr) != FpRounding.TieEven || (uint)(biased - 1) >= (uint)(exponentOnes - 2))
            return Round(width, sign, exponent, fraction, RoundingMode(fpcr), fpcr, ref fpsr);

        // To nearest and a normal result whatever the carry. The sticky bit is far below the half, so adding the odd bit breaks ties only.
        ulong mantissa = fraction >> (63 - fractionBits);
        ulong error = fraction << (fractionBits + 1);
        mantissa += error + (mantissa & 1) > TopBit ? 1UL : 0;
        if (error != 0)
            fpsr |= FpsrBits.Inexact;
        return ((sign ? 1UL : 0) << (width - 1)) | (((ulong)(uint)(biased - 1) << fractionBits) + mantissa);
    }

    /// <summary>FPRound: AHP does not apply, FZ16 does.</summary>
    internal static ulong Round(int width, bool sign, int exponent, ulong fraction, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        uint flush = width == 16 ? FpcrBits.FlushToZero16 : FpcrBits.FlushToZero;
        return RoundBase(FractionBits(width), ExponentBits(width), sign, exponent, fraction, rounding, (fpcr & flush) != 0, false, ref fpsr);
    }

    /// <summary>FPRoundCV, for conversions between formats: AHP applies, FZ16 does not.</summary>
    internal static ulong RoundForConvert(int width, bool sign, int exponent, ulong fraction, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        bool flush = width != 16 && (fpcr & FpcrBits.FlushToZero) != 0;
        bool alternative = width == 16 && (fpcr & FpcrBits.AlternativeHalf) != 0;
        return RoundBase(FractionBits(width), ExponentBits(width), sign, exponent, fraction, rounding, flush, alternative, ref fpsr);
    }

    /// <summary>
    /// FPRoundBase with FPCR.AH clear: flushing and tininess are decided before rounding.
    /// The format is given by its field sizes, so that bfloat16 (7, 8) is rounded by the same code.
    /// </summary>
    internal static ulong RoundBase(
        int fractionBits, int exponentBits, bool sign, int exponent, ulong fraction, FpRounding rounding, bool flush, bool alternativeHalf, ref uint fpsr)
    {
        int minimumExponent = 2 - (1 << (exponentBits - 1));
        int biased = exponent - minimumExponent + 1;
        ulong signBit = sign ? 1UL << (fractionBits + exponentBits) : 0;

        if (biased <= 0)
        {
            if (flush)
            {
                fpsr |= FpsrBits.Underflow;
                return signBit;
            }

            fraction = ShiftRightJam(fraction, 1 - biased);
            biased = 0;
        }

        ulong mantissa = fraction >> (63 - fractionBits);
        ulong error = fraction << (fractionBits + 1);

        uint flags = 0;
        if (error != 0)
        {
            flags = biased == 0 ? FpsrBits.Underflow | FpsrBits.Inexact : FpsrBits.Inexact;
            if (rounding == FpRounding.Odd)
                mantissa |= 1;
            else if (RoundsUp(rounding, sign, (mantissa & 1) != 0, error))
                mantissa++;
        }

        // The implicit bit, and a carry out of the mantissa, add into the exponent field: also from denormal to normal.
        ulong magnitude = biased == 0 ? mantissa : ((ulong)(uint)(biased - 1) << fractionBits) + mantissa;
        ulong limit = ((1UL << exponentBits) - 1) << fractionBits;
        if (alternativeHalf)
            limit += 1UL << fractionBits;
        if (magnitude < limit)
        {
            fpsr |= flags;
            return signBit | magnitude;
        }

        if (alternativeHalf)
        {
            // Saturates with Invalid Operation in place of Overflow and Inexact.
            fpsr |= FpsrBits.InvalidOperation;
            return signBit | (limit - 1);
        }

        fpsr |= FpsrBits.Overflow | FpsrBits.Inexact;
        bool toInfinity = rounding switch
        {
            FpRounding.PlusInfinity => !sign,
            FpRounding.MinusInfinity => sign,
            FpRounding.Zero or FpRounding.Odd => false,
            _ => true,
        };
        return signBit | (toInfinity ? limit : limit - 1);
    }

    /// <summary>Whether a magnitude is incremented; <paramref name="error"/> is the non-zero part shifted out, in units of 2^-64.</summary>
    internal static bool RoundsUp(FpRounding rounding, bool sign, bool odd, ulong error) => rounding switch
    {
        FpRounding.TieEven => error > TopBit || (error == TopBit && odd),
        FpRounding.PlusInfinity => !sign,
        FpRounding.MinusInfinity => sign,
        FpRounding.TieAway => error >= TopBit,
        _ => false,
    };

    /// <summary>Shifts right by a non-negative count; a one shifted out stays behind in bit 0.</summary>
    internal static ulong ShiftRightJam(ulong value, int count)
    {
        if (count == 0)
            return value;
        if (count > 63)
            return value != 0 ? 1UL : 0;
        return (value >> count) | (value << -count != 0 ? 1UL : 0);
    }

    /// <summary>A non-zero integer times 2^scale, rounded.</summary>
    internal static ulong RoundInteger(int width, bool sign, ulong magnitude, int scale, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        int shift = BitOperations.LeadingZeroCount(magnitude);
        return Round(width, sign, 63 - shift + scale, magnitude << shift, rounding, fpcr, ref fpsr);
    }
}
