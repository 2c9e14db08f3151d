namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Division (FPDiv).</summary>
internal static partial class Fp
{
    /// <summary>FPDiv.</summary>
    public static ulong Div(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        bool sign = a.Sign ^ b.Sign;
        if (a.Type != FpType.NonZero || b.Type != FpType.NonZero)
        {
            if (a.IsNaN || b.IsNaN)
                return ProcessNaNs(width, a.Type, b.Type, op1, op2, fpcr, ref fpsr);
            if ((a.IsInfinity && b.IsInfinity) || (a.IsZero && b.IsZero))
                return InvalidOperation(width, ref fpsr);
            if (a.IsInfinity)
                return Infinity(width, sign);
            if (b.IsZero)
            {
                fpsr |= FpsrBits.DivideByZero;
                return Infinity(width, sign);
            }

            return Zero(width, sign);
        }

        // The quotient of the significands lies in (1/2, 2). Halving the dividend keeps it below 2^64 and in (1/4, 1) of that.
        int exponent = a.Exponent - b.Exponent;
        ulong quotient, remainder;
        if (width == 64)
        {
            quotient = DivideWide(a.Fraction >> 1, b.Fraction, out remainder);
        }
        else
        {
            // A significand of at most 24 bits: 31 or 32 bits of quotient leave at least seven guard bits.
            ulong divisor = b.Fraction >> 32;
            quotient = (a.Fraction >> 1) / divisor;
            remainder = (a.Fraction >> 1) - (quotient * divisor);
            quotient <<= 32;
        }

        if ((long)quotient >= 0)
        {
            quotient <<= 1;
            exponent--;
        }

        return Round(width, sign, exponent, quotient | (remainder != 0 ? 1UL : 0), fpcr, ref fpsr);
    }

    /// <summary>high · 2^64 / divisor for high &lt; divisor and a divisor with its top bit set: two digits of 32 bits (Knuth, TAOCP 4.3.1 D).</summary>
    private static ulong DivideWide(ulong high, ulong divisor, out ulong remainder)
    {
        ulong first = DivideDigit(ref high, divisor);
        ulong second = DivideDigit(ref high, divisor);
        remainder = high;
        return (first << 32) | second;
    }

    private static ulong DivideDigit(ref ulong remainder, ulong divisor)
    {
        ulong top = divisor >> 32, bottom = (uint)divisor;
        ulong digit = remainder / top;
        ulong rest = remainder - (digit * top);

        // The estimate is at most two too large; it can be seen to be so while the rest is still one digit.
        while (digit > uint.MaxValue || digit * bottom > rest << 32)
        {
            digit--;
            rest += top;
            if (rest > uint.MaxValue)
                break;
        }

        remainder = unchecked((remainder << 32) - (digit * divisor));
        return digit;
    }
}
