using System.Numerics;

namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Fused multiply-add (FPMulAdd, FPMulAddH).</summary>
internal static partial class Fp
{
    /// <summary>FPMulAdd: addend + op1 · op2 with one rounding. FMSUB, FNMADD and FMLS negate operands first (<see cref="Neg"/>), NaNs included.</summary>
    public static ulong MulAdd(int width, ulong addend, ulong op1, ulong op2, uint fpcr, ref uint fpsr)
    {
        Unpack(width, addend, fpcr, ref fpsr, out FpUnpacked c);
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (c.IsNaN || a.IsNaN || b.IsNaN)
        {
            // 0 · ∞ + QNaN is invalid and gives the default NaN, whatever FPCR.DN.
            if (c.Type == FpType.QuietNaN && IsZeroTimesInfinity(a, b))
                return InvalidOperation(width, ref fpsr);
            return SelectNaN3(c.Type, a.Type, b.Type) switch
            {
                0 => ProcessNaN(width, c.Type, addend, fpcr, ref fpsr),
                1 => ProcessNaN(width, a.Type, op1, fpcr, ref fpsr),
                _ => ProcessNaN(width, b.Type, op2, fpcr, ref fpsr),
            };
        }

        return MulAddNumbers(width, c, a, b, fpcr, ref fpsr);
    }

    /// <summary>FPMulAddH (FMLAL, FMLSL): a single-precision addend plus the exact product of two halves, one rounding.</summary>
    public static ulong MulAddHalf(ulong addend, ulong op1, ulong op2, uint fpcr, ref uint fpsr)
    {
        Unpack(32, addend, fpcr, ref fpsr, out FpUnpacked c);
        Unpack(16, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(16, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (c.IsNaN || a.IsNaN || b.IsNaN)
        {
            if (c.Type == FpType.QuietNaN && IsZeroTimesInfinity(a, b))
                return InvalidOperation(32, ref fpsr);
            return SelectNaN3(c.Type, a.Type, b.Type) switch
            {
                0 => ProcessNaN(32, c.Type, addend, fpcr, ref fpsr),
                1 => ConvertNaN(32, 16, ProcessNaN(16, a.Type, op1, fpcr, ref fpsr)),
                _ => ConvertNaN(32, 16, ProcessNaN(16, b.Type, op2, fpcr, ref fpsr)),
            };
        }

        return MulAddNumbers(32, c, a, b, fpcr, ref fpsr);
    }

    /// <summary>FPProcessNaNs3: signaling operands first, then quiet ones, each addend, op1, op2.</summary>
    private static int SelectNaN3(FpType addend, FpType op1, FpType op2)
    {
        if (addend == FpType.SignalingNaN)
            return 0;
        if (op1 == FpType.SignalingNaN)
            return 1;
        if (op2 == FpType.SignalingNaN)
            return 2;
        if (addend == FpType.QuietNaN)
            return 0;
        return op1 == FpType.QuietNaN ? 1 : 2;
    }

    private static bool IsZeroTimesInfinity(in FpUnpacked a, in FpUnpacked b) => (a.IsZero && b.IsInfinity) || (a.IsInfinity && b.IsZero);

    private static ulong MulAddNumbers(int width, in FpUnpacked c, in FpUnpacked a, in FpUnpacked b, uint fpcr, ref uint fpsr)
    {
        bool productSign = a.Sign ^ b.Sign;
        if (a.IsInfinity || b.IsInfinity)
        {
            if (IsZeroTimesInfinity(a, b) || (c.IsInfinity && c.Sign != productSign))
                return InvalidOperation(width, ref fpsr);
            return Infinity(width, productSign);
        }

        if (c.IsInfinity)
            return Infinity(width, c.Sign);
        return MulAddFinite(width, c, a, b, 0, fpcr, ref fpsr);
    }

    /// <summary>Rounds (c + a · b) · 2^scale for finite operands.</summary>
    private static ulong MulAddFinite(int width, in FpUnpacked c, in FpUnpacked a, in FpUnpacked b, int scale, uint fpcr, ref uint fpsr)
    {
        bool sign = a.Sign ^ b.Sign;
        if (a.IsZero || b.IsZero)
        {
            if (c.IsZero)
                return Zero(width, ZeroSumSign(c.Sign, sign, fpcr));
            return Round(width, c.Sign, c.Exponent + scale, c.Fraction, fpcr, ref fpsr);
        }

        ulong high = Math.BigMul(a.Fraction, b.Fraction, out ulong low);
        int exponent = a.Exponent + b.Exponent + 1;
        if ((long)high >= 0)
        {
            high = (high << 1) | (low >> 63);
            low <<= 1;
            exponent--;
        }

        if (c.IsZero)
            return Round(width, sign, exponent + scale, high | (low != 0 ? 1UL : 0), fpcr, ref fpsr);

        // One bit of headroom each: the product has at most 106 significant bits, so nothing is lost, and 20 guard bits remain
        // for the operand that is shifted.
        UInt128 product = new UInt128(high, low) >> 1;
        UInt128 addend = new UInt128(c.Fraction >> 1, c.Fraction << 63);
        int distance = exponent - c.Exponent;
        if (distance >= 0)
        {
            addend = ShiftRightJam(addend, distance);
        }
        else
        {
            product = ShiftRightJam(product, -distance);
            exponent = c.Exponent;
        }

        UInt128 sum;
        if (sign == c.Sign)
        {
            sum = product + addend;
        }
        else if (product >= addend)
        {
            sum = product - addend;
        }
        else
        {
            sum = addend - product;
            sign = c.Sign;
        }

        high = (ulong)(sum >> 64);
        low = (ulong)sum;
        exponent++;
        if (high == 0)
        {
            if (low == 0)
                return Zero(width, RoundingMode(fpcr) == FpRounding.MinusInfinity);
            high = low;
            low = 0;
            exponent -= 64;
        }

        int shift = BitOperations.LeadingZeroCount(high);
        if (shift != 0)
        {
            high = (high << shift) | (low >> (64 - shift));
            low <<= shift;
        }

        return Round(width, sign, exponent - shift + scale, high | (low != 0 ? 1UL : 0), fpcr, ref fpsr);
    }

    private static UInt128 ShiftRightJam(UInt128 value, int count)
    {
        if (count == 0)
            return value;
        if (count > 127)
            return UInt128.One;
        UInt128 lost = value << (128 - count);
        return (value >> count) | (lost != UInt128.Zero ? UInt128.One : UInt128.Zero);
    }
}
