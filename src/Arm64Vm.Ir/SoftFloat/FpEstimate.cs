namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Reciprocal and reciprocal square root estimates, with eight bits of precision (FEAT_RPRES absent).</summary>
internal static partial class Fp
{
    /// <summary>FPRecipEstimate (FRECPE).</summary>
    public static ulong RecipEstimate(int width, ulong op, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return ProcessNaN(width, a.Type, op, fpcr, ref fpsr);
        if (a.IsInfinity)
            return Zero(width, a.Sign);
        if (a.IsZero)
        {
            fpsr |= FpsrBits.DivideByZero;
            return Infinity(width, a.Sign);
        }

        int bias = (1 << (ExponentBits(width) - 1)) - 1;
        if (a.Exponent < -(bias + 1))
            return RecipOverflow(width, a.Sign, fpcr, ref fpsr);

        uint flush = width == 16 ? FpcrBits.FlushToZero16 : FpcrBits.FlushToZero;
        if ((fpcr & flush) != 0 && a.Exponent >= bias - 1)
        {
            fpsr |= FpsrBits.Underflow;
            return Zero(width, a.Sign);
        }

        // The operand is scaled·2^-9 · 2^(exponent+1), scaled/512 in [0.5, 1); the estimate/256 in [1, 2) gives 2^(-exponent-1).
        uint estimate = RecipEstimateTable((uint)(a.Fraction >> 55));
        ulong fraction = (ulong)(estimate & 0xFF) << 44;
        int biased = bias - 1 - a.Exponent;
        if (biased <= 0)
        {
            // A denormal result, by one or two bits; truncated and without an Underflow.
            fraction = ((1UL << 52) | fraction) >> (1 - biased);
            biased = 0;
        }

        int fractionBits = FractionBits(width);
        return Zero(width, a.Sign) | ((ulong)(uint)biased << fractionBits) | (fraction >> (52 - fractionBits));
    }

    private static ulong RecipOverflow(int width, bool sign, uint fpcr, ref uint fpsr)
    {
        fpsr |= FpsrBits.Overflow | FpsrBits.Inexact;
        bool toInfinity = RoundingMode(fpcr) switch
        {
            FpRounding.TieEven => true,
            FpRounding.PlusInfinity => !sign,
            FpRounding.MinusInfinity => sign,
            _ => false,
        };
        return toInfinity ? Infinity(width, sign) : MaxNormal(width, sign);
    }

    /// <summary>FPRSqrtEstimate (FRSQRTE).</summary>
    public static ulong RSqrtEstimate(int width, ulong op, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return ProcessNaN(width, a.Type, op, fpcr, ref fpsr);
        if (a.IsZero)
        {
            fpsr |= FpsrBits.DivideByZero;
            return Infinity(width, a.Sign);
        }

        if (a.Sign)
            return InvalidOperation(width, ref fpsr);
        if (a.IsInfinity)
            return Zero(width, false);

        // Scaled to [0.25, 1) by an even power of two: nine bits for an odd exponent, eight for an even one.
        int bias = (1 << (ExponentBits(width) - 1)) - 1;
        bool odd = (a.Exponent & 1) != 0;
        uint estimate = RSqrtEstimateTable((uint)(a.Fraction >> (odd ? 55 : 56)));
        int fractionBits = FractionBits(width);
        int biased = ((3 * bias) - 1 - (a.Exponent + bias)) >> 1;
        ulong fraction = (ulong)(estimate & 0xFF) << 44 >> (52 - fractionBits);
        return ((ulong)(uint)biased << fractionBits) | fraction;
    }

    /// <summary>FPRecpX (FRECPX): the exponent inverted, the fraction cleared.</summary>
    public static ulong RecipExponent(int width, ulong op, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return ProcessNaN(width, a.Type, op, fpcr, ref fpsr);
        int fractionBits = FractionBits(width);
        ulong ones = (1UL << ExponentBits(width)) - 1;
        ulong exponent = (op >> fractionBits) & ones;
        ulong inverted = exponent == 0 ? ones - 1 : ~exponent & ones;
        return Zero(width, a.Sign) | (inverted << fractionBits);
    }

    /// <summary>UnsignedRecipEstimate (URECPE): of a fixed-point fraction in [0.5, 1), otherwise all ones.</summary>
    public static uint UnsignedRecipEstimate(uint op) =>
        (int)op >= 0 ? uint.MaxValue : RecipEstimateTable(op >> 23) << 23;

    /// <summary>UnsignedRSqrtEstimate (URSQRTE): of a fixed-point fraction in [0.25, 1), otherwise all ones.</summary>
    public static uint UnsignedRSqrtEstimate(uint op) =>
        op >> 30 == 0 ? uint.MaxValue : RSqrtEstimateTable(op >> 23) << 23;

    /// <summary>RecipEstimate: of a/512, a in 256..511; the result/256 is in [1, 2).</summary>
    private static uint RecipEstimateTable(uint a) => (((1u << 19) / ((a * 2) + 1)) + 1) / 2;

    /// <summary>RecipSqrtEstimate: of a/512, a in 128..511; the result/256 is in [1, 2).</summary>
    private static uint RSqrtEstimateTable(uint a)
    {
        a = a < 256 ? (a * 2) + 1 : ((a & ~1u) + 1) * 2;

        // The largest b with a·b² < 2^28, which is at least 512 and below 1024.
        uint quotient = ((1u << 28) - 1) / a;
        uint b = 512;
        for (uint bit = 256; bit != 0; bit >>= 1)
        {
            if ((b | bit) * (b | bit) <= quotient)
                b |= bit;
        }

        return (b + 1) / 2;
    }
}
