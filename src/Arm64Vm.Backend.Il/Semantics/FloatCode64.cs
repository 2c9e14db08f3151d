using System.Runtime.CompilerServices;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.Il;

/// <summary>Doubles, rounding to nearest and without flushing. Found by name: operation, then 64. The exactness rules are those of decision 0013.</summary>
/// <remarks>
/// .NET cannot read the host's sticky flags, so the result itself must tell what FPSR gets. A result that is a number of at least twice the
/// smallest normal one raised nothing but possibly Inexact; where FPSR.IXC is set already that is all there is to know. Else an error-free
/// transform says whether the result is exact (Knuth's TwoSum; the residual by a fused multiply-add). Everything else, NaNs, infinities
/// and tiny results, is the oracle's.
/// </remarks>
// SAFETY for all members: called by compiled code with the context it was given.
internal static unsafe class FloatCode64
{
    private const ulong Absolute = ulong.MaxValue >> 1;
    private const ulong TwiceSmallestNormal = 0x0020_0000_0000_0000;
    private const ulong PlainRange = 0x7FF0_0000_0000_0000 - TwiceSmallestNormal;

    /// <summary>Above this, residuals of products and quotients do not underflow.</summary>
    private const double Small = 1e-260;

    /// <summary>Below this, intermediate sums of the transforms do not overflow.</summary>
    private const double Large = 1e300;

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);

    private static double Value(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(GuestContext* context, double result) =>
        (context->Fpsr & FpsrBits.Inexact) != 0 && (Bits(result) & Absolute) - TwiceSmallestNormal < PlainRange;

    private static bool Between(double value, double low, double high) => Math.Abs(value) >= low && Math.Abs(value) <= high;

    private static double Inexact(GuestContext* context, double result)
    {
        context->Fpsr |= FpsrBits.Inexact;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Add64(GuestContext* context, double a, double b)
    {
        double r = a + b;
        return IsPlain(context, r) ? r : AddSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double AddSlow(GuestContext* context, double a, double b, double r)
    {
        if (TrySum(context, a, b, r))
            return r;
        return Value(Fp.Add(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    /// <summary>TwoSum: sums that are tiny are exact, so only their size above matters.</summary>
    private static bool TrySum(GuestContext* context, double a, double b, double r)
    {
        if (!(Math.Abs(r) < Large && Math.Abs(a) < Large))
            return false;
        double bb = r - a;
        if ((a - (r - bb)) + (b - bb) != 0)
            context->Fpsr |= FpsrBits.Inexact;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sub64(GuestContext* context, double a, double b)
    {
        double r = a - b;
        return IsPlain(context, r) ? r : SubSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double SubSlow(GuestContext* context, double a, double b, double r)
    {
        if (TrySum(context, a, -b, r))
            return r;
        return Value(Fp.Sub(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double AbsDifference64(GuestContext* context, double a, double b)
    {
        double r = a - b;
        return Math.Abs(IsPlain(context, r) ? r : SubSlow(context, a, b, r));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Mul64(GuestContext* context, double a, double b)
    {
        double r = a * b;
        return IsPlain(context, r) ? r : MulSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double MulSlow(GuestContext* context, double a, double b, double r)
    {
        if (Between(r, Small, Large))
            return Math.FusedMultiplyAdd(a, b, -r) == 0 ? r : Inexact(context, r);
        if (r == 0 && (a == 0 || b == 0))
            return r;
        return Value(Fp.Mul(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double NegMul64(GuestContext* context, double a, double b)
    {
        double r = a * b;
        return Negate(IsPlain(context, r) ? r : MulSlow(context, a, b, r));
    }

    /// <summary>The sign inverted, of NaNs too.</summary>
    private static double Negate(double value) => Value(Bits(value) ^ ~Absolute);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Div64(GuestContext* context, double a, double b)
    {
        double r = a / b;
        return IsPlain(context, r) ? r : DivSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double DivSlow(GuestContext* context, double a, double b, double r)
    {
        if (Between(r, Small, Large) && Between(a, Small, Large))
            return Math.FusedMultiplyAdd(-r, b, a) == 0 ? r : Inexact(context, r);
        return Value(Fp.Div(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Sqrt64(GuestContext* context, double a)
    {
        double r = Math.Sqrt(a);
        return IsPlain(context, r) ? r : SqrtSlow(context, a, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double SqrtSlow(GuestContext* context, double a, double r)
    {
        if (Between(a, Small, Large) && a > 0)
            return Math.FusedMultiplyAdd(-r, r, a) == 0 ? r : Inexact(context, r);
        return Value(Fp.Sqrt(64, Bits(a), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MulAdd64(GuestContext* context, double a, double b, double addend)
    {
        double r = Math.FusedMultiplyAdd(a, b, addend);
        return IsPlain(context, r) ? r : MulAddSlow(context, a, b, addend, r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MulSub64(GuestContext* context, double a, double b, double addend) => MulAdd64(context, Negate(a), b, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double NegMulAdd64(GuestContext* context, double a, double b, double addend) => MulAdd64(context, Negate(a), b, Negate(addend));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double NegMulSub64(GuestContext* context, double a, double b, double addend) => MulAdd64(context, a, b, Negate(addend));

    /// <summary>Exact where product and sum both are; otherwise it may be exact still, and the oracle knows.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double MulAddSlow(GuestContext* context, double a, double b, double addend, double r)
    {
        double product = a * b;
        bool isProductExact = product == 0 ? a == 0 || b == 0 : Between(product, Small, Large) && Math.FusedMultiplyAdd(a, b, -product) == 0;
        if (isProductExact && Math.Abs(addend) < Large && product != 0 && addend != 0)
        {
            double sum = product + addend, bb = sum - product;
            if ((product - (sum - bb)) + (addend - bb) == 0)
                return r;
        }

        return Value(Fp.MulAdd(64, Bits(addend), Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Max64(GuestContext* context, double a, double b) =>
        a > b ? a : b > a ? b : Value(Fp.Max(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Min64(GuestContext* context, double a, double b) =>
        a < b ? a : b < a ? b : Value(Fp.Min(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MaxNumber64(GuestContext* context, double a, double b) =>
        a > b ? a : b > a ? b : Value(Fp.MaxNum(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double MinNumber64(GuestContext* context, double a, double b) =>
        a < b ? a : b < a ? b : Value(Fp.MinNum(64, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Compare64(GuestContext* context, double a, double b, int aux)
    {
        if (a < b)
            return GuestFlags.N;
        if (a > b)
            return GuestFlags.C;
        if (a == b)
            return GuestFlags.Z | GuestFlags.C;
        return GuestFlags.FromImmediate(Fp.Compare(64, Bits(a), Bits(b), aux != 0, context->Fpcr, ref context->Fpsr));
    }

    /// <summary>Rounds to an integral value without looking at exactness; the mode is a constant of the operation, or FPCR's, which is to nearest here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Integral(double a, int mode) => (mode & 7) switch
    {
        (int)FpRounding.PlusInfinity => Math.Ceiling(a),
        (int)FpRounding.MinusInfinity => Math.Floor(a),
        (int)FpRounding.Zero => Math.Truncate(a),
        (int)FpRounding.TieAway => Math.Round(a, MidpointRounding.AwayFromZero),
        _ => Math.Round(a, MidpointRounding.ToEven),
    };

    private static FpRounding Mode(int aux) => (aux & 7) == IrBuilder.RoundingOfFpcr ? FpRounding.TieEven : (FpRounding)(aux & 7);

    public static double RoundToIntegral64(GuestContext* context, double a, int aux)
    {
        bool exact = (aux & IrBuilder.RoundExact) != 0;
        if (double.IsNaN(a))
            return Value(Fp.RoundToInt(64, Bits(a), Mode(aux), exact, context->Fpcr, ref context->Fpsr));
        double r = Integral(a, aux);
        return exact && r != a ? Inexact(context, r) : r;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToFixedSigned64To64(GuestContext* context, double a, int aux, int imm)
    {
        double r = Integral(a, aux);
        return imm == 0 && Math.Abs(r) < 9223372036854775808.0 && IsKnown(context, r, a)
            ? (ulong)(long)r
            : Fp.ToFixed(64, 64, Bits(a), imm, false, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToFixedSigned64To32(GuestContext* context, double a, int aux, int imm)
    {
        double r = Integral(a, aux);
        return imm == 0 && Math.Abs(r) < 2147483648.0 && IsKnown(context, r, a)
            ? (uint)(int)r
            : (uint)Fp.ToFixed(32, 64, Bits(a), imm, false, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToFixedUnsigned64To64(GuestContext* context, double a, int aux, int imm)
    {
        double r = Integral(a, aux);
        return imm == 0 && r >= 0 && r < 9223372036854775808.0 && IsKnown(context, r, a)
            ? (ulong)(long)r
            : Fp.ToFixed(64, 64, Bits(a), imm, true, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToFixedUnsigned64To32(GuestContext* context, double a, int aux, int imm)
    {
        double r = Integral(a, aux);
        return imm == 0 && r >= 0 && r < 4294967296.0 && IsKnown(context, r, a)
            ? (uint)(long)r
            : (uint)Fp.ToFixed(32, 64, Bits(a), imm, true, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    /// <summary>Nothing is to be noted in FPSR: the conversion is exact, or Inexact is set already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsKnown(GuestContext* context, double rounded, double a) => rounded == a || (context->Fpsr & FpsrBits.Inexact) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FromFixedSigned64From32(GuestContext* context, uint a, int imm) =>
        imm == 0 ? (int)a : Value(Fp.FromFixed(64, 32, a, imm, false, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FromFixedUnsigned64From32(GuestContext* context, uint a, int imm) =>
        imm == 0 ? (long)a : Value(Fp.FromFixed(64, 32, a, imm, true, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FromFixedSigned64From64(GuestContext* context, ulong a, int imm)
    {
        // Every integer of 53 bits is a double.
        bool isExact = (ulong)((long)a + (1L << 53)) <= 1UL << 54;
        return imm == 0 && isExact ? (long)a : Value(Fp.FromFixed(64, 64, a, imm, false, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double FromFixedUnsigned64From64(GuestContext* context, ulong a, int imm) =>
        imm == 0 && a <= 1UL << 53 ? (long)a : Value(Fp.FromFixed(64, 64, a, imm, true, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    /// <summary>Double to single.</summary>
    public static float Convert64To32(GuestContext* context, double a)
    {
        float r = (float)a;
        if (r == a && float.IsFinite(r))
            return r;
        if (Math.Abs(r) >= 2.4e-38f && float.IsFinite(r))
        {
            context->Fpsr |= FpsrBits.Inexact;
            return r;
        }

        return BitConverter.UInt32BitsToSingle((uint)Fp.Convert(32, 64, Bits(a), context->Fpcr, ref context->Fpsr));
    }
}
