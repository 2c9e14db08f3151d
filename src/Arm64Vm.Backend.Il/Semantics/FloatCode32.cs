using System.Runtime.CompilerServices;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.Il;

/// <summary>Singles, rounding to nearest and without flushing. Found by name: operation, then 32. The exactness rules are those of decision 0013.</summary>
/// <remarks>
/// .NET cannot read the host's sticky flags, so the result itself must tell what FPSR gets. A result that is a number of at least twice the
/// smallest normal one raised nothing but possibly Inexact; where FPSR.IXC is set already that is all there is to know. Else an error-free
/// transform says whether the result is exact (Knuth's TwoSum; products and residuals in double precision). Everything else, NaNs, infinities
/// and tiny results, is the oracle's.
/// No text in common with <see cref="FloatCode64"/>: what would be, the quick halves, are one expression each, which the runtime's compiler
/// inlines into every region; the slow halves are other methods, since a product of singles is exact as a double, which doubles have no counterpart of.
/// </remarks>
// SAFETY for all members: called by compiled code with the context it was given.
internal static unsafe class FloatCode32
{
    private const uint Absolute = uint.MaxValue >> 1;
    private const uint TwiceSmallestNormal = 0x0100_0000;
    private const uint PlainRange = 0x7F80_0000 - TwiceSmallestNormal;

    /// <summary>Above this, residuals of products and quotients do not underflow.</summary>
    private const float Small = 1e-30f;

    /// <summary>Below this, intermediate sums of the transforms do not overflow.</summary>
    private const float Large = 1e37f;

    private static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static float Value(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(GuestContext* context, float result) =>
        (context->Fpsr & FpsrBits.Inexact) != 0 && (Bits(result) & Absolute) - TwiceSmallestNormal < PlainRange;

    private static bool Between(float value, float low, float high) => MathF.Abs(value) >= low && MathF.Abs(value) <= high;

    private static float Inexact(GuestContext* context, float result)
    {
        context->Fpsr |= FpsrBits.Inexact;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add32(GuestContext* context, float a, float b)
    {
        float r = a + b;
        return IsPlain(context, r) ? r : AddSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float AddSlow(GuestContext* context, float a, float b, float r)
    {
        if (TrySum(context, a, b, r))
            return r;
        return Value(Fp.Add(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    /// <summary>TwoSum: sums that are tiny are exact, so only their size above matters.</summary>
    private static bool TrySum(GuestContext* context, float a, float b, float r)
    {
        if (!(MathF.Abs(r) < Large && MathF.Abs(a) < Large))
            return false;
        float bb = r - a;
        if ((a - (r - bb)) + (b - bb) != 0)
            context->Fpsr |= FpsrBits.Inexact;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sub32(GuestContext* context, float a, float b)
    {
        float r = a - b;
        return IsPlain(context, r) ? r : SubSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SubSlow(GuestContext* context, float a, float b, float r)
    {
        if (TrySum(context, a, -b, r))
            return r;
        return Value(Fp.Sub(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float AbsDifference32(GuestContext* context, float a, float b)
    {
        float r = a - b;
        return MathF.Abs(IsPlain(context, r) ? r : SubSlow(context, a, b, r));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Mul32(GuestContext* context, float a, float b)
    {
        float r = a * b;
        return IsPlain(context, r) ? r : MulSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float MulSlow(GuestContext* context, float a, float b, float r)
    {
        if (Between(r, Small, Large))
            return (double)a * b == r ? r : Inexact(context, r);
        if (r == 0 && (a == 0 || b == 0))
            return r;
        return Value(Fp.Mul(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float NegMul32(GuestContext* context, float a, float b)
    {
        float r = a * b;
        return Negate(IsPlain(context, r) ? r : MulSlow(context, a, b, r));
    }

    /// <summary>The sign inverted, of NaNs too.</summary>
    private static float Negate(float value) => Value(Bits(value) ^ ~Absolute);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Div32(GuestContext* context, float a, float b)
    {
        float r = a / b;
        return IsPlain(context, r) ? r : DivSlow(context, a, b, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float DivSlow(GuestContext* context, float a, float b, float r)
    {
        if (Between(r, Small, Large) && Between(a, Small, Large))
            return (double)r * b == a ? r : Inexact(context, r);
        return Value(Fp.Div(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sqrt32(GuestContext* context, float a)
    {
        float r = MathF.Sqrt(a);
        return IsPlain(context, r) ? r : SqrtSlow(context, a, r);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float SqrtSlow(GuestContext* context, float a, float r)
    {
        if (Between(a, Small, Large) && a > 0)
            return (double)r * r == a ? r : Inexact(context, r);
        return Value(Fp.Sqrt(32, Bits(a), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MulAdd32(GuestContext* context, float a, float b, float addend)
    {
        float r = MathF.FusedMultiplyAdd(a, b, addend);
        return IsPlain(context, r) ? r : MulAddSlow(context, a, b, addend, r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MulSub32(GuestContext* context, float a, float b, float addend) => MulAdd32(context, Negate(a), b, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float NegMulAdd32(GuestContext* context, float a, float b, float addend) => MulAdd32(context, Negate(a), b, Negate(addend));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float NegMulSub32(GuestContext* context, float a, float b, float addend) => MulAdd32(context, a, b, Negate(addend));

    /// <summary>Products of singles are exact in double precision.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static float MulAddSlow(GuestContext* context, float a, float b, float addend, float r)
    {
        // Exact in double precision; so is the sum where its error is zero, and then r is it where it converts back.
        double product = (double)a * b, sum = product + addend, bb = sum - product;
        if (MathF.Abs(r) <= Large && sum != 0 && r == sum && (product - (sum - bb)) + (addend - bb) == 0)
            return r;

        return Value(Fp.MulAdd(32, Bits(addend), Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max32(GuestContext* context, float a, float b) =>
        a > b ? a : b > a ? b : Value(Fp.Max(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min32(GuestContext* context, float a, float b) =>
        a < b ? a : b < a ? b : Value(Fp.Min(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxNumber32(GuestContext* context, float a, float b) =>
        a > b ? a : b > a ? b : Value(Fp.MaxNum(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MinNumber32(GuestContext* context, float a, float b) =>
        a < b ? a : b < a ? b : Value(Fp.MinNum(32, Bits(a), Bits(b), context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Compare32(GuestContext* context, float a, float b, int aux)
    {
        if (a < b)
            return GuestFlags.N;
        if (a > b)
            return GuestFlags.C;
        if (a == b)
            return GuestFlags.Z | GuestFlags.C;
        return GuestFlags.FromImmediate(Fp.Compare(32, Bits(a), Bits(b), aux != 0, context->Fpcr, ref context->Fpsr));
    }

    /// <summary>Rounds to an integral value without looking at exactness; the mode is a constant of the operation, or FPCR's, which is to nearest here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Integral(float a, int mode) => (mode & 7) switch
    {
        (int)FpRounding.PlusInfinity => MathF.Ceiling(a),
        (int)FpRounding.MinusInfinity => MathF.Floor(a),
        (int)FpRounding.Zero => MathF.Truncate(a),
        (int)FpRounding.TieAway => MathF.Round(a, MidpointRounding.AwayFromZero),
        _ => MathF.Round(a, MidpointRounding.ToEven),
    };

    private static FpRounding Mode(int aux) => (aux & 7) == IrBuilder.RoundingOfFpcr ? FpRounding.TieEven : (FpRounding)(aux & 7);

    public static float RoundToIntegral32(GuestContext* context, float a, int aux)
    {
        bool exact = (aux & IrBuilder.RoundExact) != 0;
        if (float.IsNaN(a))
            return Value(Fp.RoundToInt(32, Bits(a), Mode(aux), exact, context->Fpcr, ref context->Fpsr));
        float r = Integral(a, aux);
        return exact && r != a ? Inexact(context, r) : r;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToFixedSigned32To64(GuestContext* context, float a, int aux, int imm)
    {
        float r = Integral(a, aux);
        return imm == 0 && MathF.Abs(r) < 9223372036854775808.0f && IsKnown(context, r, a)
            ? (ulong)(long)r
            : Fp.ToFixed(64, 32, Bits(a), imm, false, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToFixedSigned32To32(GuestContext* context, float a, int aux, int imm)
    {
        float r = Integral(a, aux);
        return imm == 0 && MathF.Abs(r) < 2147483648.0f && IsKnown(context, r, a)
            ? (uint)(int)r
            : (uint)Fp.ToFixed(32, 32, Bits(a), imm, false, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ToFixedUnsigned32To64(GuestContext* context, float a, int aux, int imm)
    {
        float r = Integral(a, aux);
        return imm == 0 && r >= 0 && r < 9223372036854775808.0f && IsKnown(context, r, a)
            ? (ulong)(long)r
            : Fp.ToFixed(64, 32, Bits(a), imm, true, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ToFixedUnsigned32To32(GuestContext* context, float a, int aux, int imm)
    {
        float r = Integral(a, aux);
        return imm == 0 && r >= 0 && r < 4294967296.0f && IsKnown(context, r, a)
            ? (uint)(long)r
            : (uint)Fp.ToFixed(32, 32, Bits(a), imm, true, Mode(aux), context->Fpcr, ref context->Fpsr);
    }

    /// <summary>Nothing is to be noted in FPSR: the conversion is exact, or Inexact is set already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsKnown(GuestContext* context, float rounded, float a) => rounded == a || (context->Fpsr & FpsrBits.Inexact) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromFixedSigned32From32(GuestContext* context, uint a, int imm) =>
        imm == 0 && IsPlainInteger(context, (int)a) ? (int)a : Value(Fp.FromFixed(32, 32, a, imm, false, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromFixedUnsigned32From32(GuestContext* context, uint a, int imm) =>
        imm == 0 && IsPlainInteger(context, a) ? (float)(double)(long)a : Value(Fp.FromFixed(32, 32, a, imm, true, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromFixedSigned32From64(GuestContext* context, ulong a, int imm) =>
        imm == 0 && IsPlainInteger(context, (long)a) ? (float)(double)(long)a : Value(Fp.FromFixed(32, 64, a, imm, false, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromFixedUnsigned32From64(GuestContext* context, ulong a, int imm) =>
        imm == 0 && (long)a >= 0 && IsPlainInteger(context, (long)a) ? (float)(double)(long)a : Value(Fp.FromFixed(32, 64, a, imm, true, FpRounding.TieEven, context->Fpcr, ref context->Fpsr));

    /// <summary>Every integer of 24 bits is a single; one of 53 bits is a double, so that it is rounded once on its way, and only Inexact may come of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlainInteger(GuestContext* context, long a) =>
        (ulong)(a + (1L << 24)) <= 1UL << 25 || ((context->Fpsr & FpsrBits.Inexact) != 0 && (ulong)(a + (1L << 53)) <= 1UL << 54);

    /// <summary>Single to double: exact, but for NaNs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Convert32To64(GuestContext* context, float a) =>
        float.IsNaN(a) ? BitConverter.UInt64BitsToDouble(Fp.Convert(64, 32, Bits(a), context->Fpcr, ref context->Fpsr)) : a;
}
