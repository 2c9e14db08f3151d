namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Multiplication (FPMul, FPMulX).</summary>
internal static partial class Fp
{
    /// <summary>FPMul.</summary>
    public static ulong Mul(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Multiply(width, op1, op2, false, fpcr, ref fpsr);

    /// <summary>FPMulX: as FPMul, but 0 · ∞ is ±2.0 without an exception.</summary>
    public static ulong MulX(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Multiply(width, op1, op2, true, fpcr, ref fpsr);

    /// <summary>FNMUL: -(op1 · op2), negated after rounding; a NaN result is negated too.</summary>
    public static ulong NegMul(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Neg(width, Mul(width, op1, op2, fpcr, ref fpsr));

    private static ulong Multiply(int width, ulong op1, ulong op2, bool extended, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        bool sign = a.Sign ^ b.Sign;
        if (a.Type != FpType.NonZero || b.Type != FpType.NonZero)
        {
            if (a.IsNaN || b.IsNaN)
                return ProcessNaNs(width, a.Type, b.Type, op1, op2, fpcr, ref fpsr);
            if ((a.IsInfinity && b.IsZero) || (a.IsZero && b.IsInfinity))
                return extended ? Two(width, sign) : InvalidOperation(width, ref fpsr);
            return a.IsInfinity || b.IsInfinity ? Infinity(width, sign) : Zero(width, sign);
        }

        MultiplyExact(a, b, out FpUnpacked product);
        return Round(width, sign, product.Exponent, product.Fraction, fpcr, ref fpsr);
    }

    /// <summary>Product of two non-zero operands, bit 0 sticky.</summary>
    internal static void MultiplyExact(in FpUnpacked a, in FpUnpacked b, out FpUnpacked result)
    {
        ulong high = Math.BigMul(a.Fraction, b.Fraction, out ulong low);
        int exponent = a.Exponent + b.Exponent + 1;
        if ((long)high >= 0)
        {
            high = (high << 1) | (low >> 63);
            low <<= 1;
            exponent--;
        }

        result = default;
        result.Type = FpType.NonZero;
        result.Sign = a.Sign ^ b.Sign;
        result.Exponent = exponent;
        result.Fraction = high | (low != 0 ? 1UL : 0);
    }

    /// <summary>±2.0: the smallest value whose biased exponent has only its top bit set.</summary>
    internal static ulong Two(int width, bool sign) => Zero(width, sign) | (1UL << (width - 2));
}
