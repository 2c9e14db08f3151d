using System.Numerics;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>
/// A second opinion in exact rational arithmetic: values as Numerator / Denominator, rounded by a literal reading of the Arm ARM's
/// FPRoundBase. Slow and plain, and shares nothing with the implementation.
/// </summary>
internal readonly record struct FpReference(BigInteger Numerator, BigInteger Denominator)
{
    public static FpReference FromBits(int width, ulong bits)
    {
        (int e, int f) = Format(width);
        int exponent = (int)((bits >> f) & ((1UL << e) - 1));
        BigInteger mantissa = bits & ((1UL << f) - 1);
        if (exponent != 0)
            mantissa += BigInteger.One << f;
        else
            exponent = 1;
        if (((bits >> (width - 1)) & 1) != 0)
            mantissa = -mantissa;
        return Scaled(mantissa, exponent - ((1 << (e - 1)) - 1) - f);
    }

    public static FpReference Scaled(BigInteger mantissa, int exponent) =>
        exponent >= 0 ? new(mantissa << exponent, 1) : new(mantissa, BigInteger.One << -exponent);

    public static FpReference operator +(FpReference a, FpReference b) =>
        new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static FpReference operator *(FpReference a, FpReference b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static FpReference operator /(FpReference a, FpReference b) => b.Numerator.Sign < 0
        ? new(-a.Numerator * b.Denominator, a.Denominator * -b.Numerator)
        : new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    /// <summary>FPRoundBase of a non-zero value.</summary>
    public ulong Round(int width, FpRounding rounding, bool flush, ref uint fpsr)
    {
        (int e, int f) = Format(width);
        int minimum = 2 - (1 << (e - 1));
        bool sign = Numerator.Sign < 0;
        ulong signBit = sign ? 1UL << (width - 1) : 0;
        BigInteger n = BigInteger.Abs(Numerator), d = Denominator;

        int exponent = (int)(n.GetBitLength() - d.GetBitLength());
        if (Compare(n, d, exponent) < 0)
            exponent--;
        if (exponent < minimum && flush)
        {
            fpsr |= 8;
            return signBit;
        }

        int biased = Math.Max(exponent - minimum + 1, 0);
        int shift = f - Math.Max(exponent, minimum);
        if (shift >= 0)
            n <<= shift;
        else
            d <<= -shift;
        ulong mantissa = (ulong)BigInteger.DivRem(n, d, out BigInteger error);
        if (biased == 0 && !error.IsZero)
            fpsr |= 8;
        int half = (error * 2).CompareTo(d);
        bool up = rounding switch
        {
            FpRounding.TieEven => half > 0 || (half == 0 && (mantissa & 1) != 0),
            FpRounding.PlusInfinity => !error.IsZero && !sign,
            FpRounding.MinusInfinity => !error.IsZero && sign,
            _ => false,
        };
        if (up)
        {
            mantissa++;
            if (mantissa == 1UL << f)
                biased = 1;
            if (mantissa == 1UL << (f + 1))
            {
                biased++;
                mantissa >>= 1;
            }
        }

        if (!error.IsZero && rounding == FpRounding.Odd)
            mantissa |= 1;
        ulong infinity = ((1UL << e) - 1) << f;
        if (biased >= (1 << e) - 1)
        {
            fpsr |= 4 | 16;
            bool toInfinity = rounding switch
            {
                FpRounding.TieEven => true,
                FpRounding.PlusInfinity => !sign,
                FpRounding.MinusInfinity => sign,
                _ => false,
            };
            return signBit | (toInfinity ? infinity : infinity - 1);
        }

        if (!error.IsZero)
            fpsr |= 16;
        return signBit | ((ulong)biased << f) | (mantissa & ((1UL << f) - 1));
    }

    private static int Compare(BigInteger n, BigInteger d, int exponent) =>
        exponent >= 0 ? n.CompareTo(d << exponent) : (n << -exponent).CompareTo(d);

    private static (int ExponentBits, int FractionBits) Format(int width) => width switch
    {
        16 => (5, 10),
        32 => (8, 23),
        _ => (11, 52),
    };
}
