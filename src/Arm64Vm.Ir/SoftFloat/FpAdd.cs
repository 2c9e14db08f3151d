using System.Numerics;

namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Addition and subtraction (FPAdd, FPSub).</summary>
internal static partial class Fp
{
    /// <summary>FPAdd.</summary>
    public static ulong Add(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => AddOrSub(width, op1, op2, false, fpcr, ref fpsr);

    /// <summary>FPSub. A NaN second operand keeps its sign.</summary>
    public static ulong Sub(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => AddOrSub(width, op1, op2, true, fpcr, ref fpsr);

    /// <summary>FABD: |op1 - op2|; the sign of a NaN result is cleared too.</summary>
    public static ulong AbsDiff(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) => Abs(width, Sub(width, op1, op2, fpcr, ref fpsr));

    /// <summary>FPAbs: clears the sign, even of a NaN; no flags.</summary>
    public static ulong Abs(int width, ulong op) => op & (Mask(width) >> 1);

    /// <summary>FPNeg: inverts the sign, even of a NaN; no flags.</summary>
    public static ulong Neg(int width, ulong op) => (op ^ (1UL << (width - 1))) & Mask(width);

    private static ulong AddOrSub(int width, ulong op1, ulong op2, bool subtract, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN)
            return ProcessNaNs(width, a.Type, b.Type, op1, op2, fpcr, ref fpsr);

        b.Sign ^= subtract;
        if (a.IsInfinity)
            return b.IsInfinity && a.Sign != b.Sign ? InvalidOperation(width, ref fpsr) : Infinity(width, a.Sign);
        if (b.IsInfinity)
            return Infinity(width, b.Sign);

        AddExact(a, b, out FpUnpacked sum);
        if (sum.IsZero)
            return Zero(width, ZeroSumSign(a.Sign, b.Sign, fpcr));
        return Round(width, sum.Sign, sum.Exponent, sum.Fraction, fpcr, ref fpsr);
    }

    /// <summary>Sign of an exact zero sum: the operands' sign when it is common, otherwise negative only when rounding towards -∞.</summary>
    internal static bool ZeroSumSign(bool sign1, bool sign2, uint fpcr) =>
        sign1 == sign2 ? sign1 : RoundingMode(fpcr) == FpRounding.MinusInfinity;

    /// <summary>
    /// Sum of two finite operands, bit 0 sticky. With significands of at most 53 bits the headroom bit leaves ten guard bits:
    /// a difference that cancels more than one bit has exponents at most one apart and is exact.
    /// </summary>
    internal static void AddExact(in FpUnpacked a, in FpUnpacked b, out FpUnpacked result)
    {
        if (a.IsZero || b.IsZero)
        {
            result = a.IsZero ? b : a;
            return;
        }

        ulong x = a.Fraction >> 1, y = b.Fraction >> 1;
        int distance = a.Exponent - b.Exponent;
        result = default;
        result.Exponent = a.Exponent + 1;
        if (distance >= 0)
        {
            y = ShiftRightJam(y, distance);
        }
        else
        {
            x = ShiftRightJam(x, -distance);
            result.Exponent = b.Exponent + 1;
        }

        ulong sum;
        if (a.Sign == b.Sign)
        {
            sum = x + y;
            result.Sign = a.Sign;
        }
        else if (x >= y)
        {
            sum = x - y;
            result.Sign = a.Sign;
        }
        else
        {
            sum = y - x;
            result.Sign = b.Sign;
        }

        if (sum == 0)
        {
            result = default;
            return;
        }

        int shift = BitOperations.LeadingZeroCount(sum);
        result.Type = FpType.NonZero;
        result.Fraction = sum << shift;
        result.Exponent -= shift;
    }
}
