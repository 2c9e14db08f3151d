namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Newton–Raphson steps (FPRecipStepFused, FPRSqrtStepFused).</summary>
internal static partial class Fp
{
    /// <summary>FRECPS: 2.0 - op1 · op2 with one rounding; 0 · ∞ gives 2.0 without an exception.</summary>
    public static ulong RecipStepFused(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        StepFused(width, op1, op2, false, fpcr, ref fpsr);

    /// <summary>FRSQRTS: (3.0 - op1 · op2) / 2 with one rounding; 0 · ∞ gives 1.5 without an exception.</summary>
    public static ulong RSqrtStepFused(int width, ulong op1, ulong op2, uint fpcr, ref uint fpsr) =>
        StepFused(width, op1, op2, true, fpcr, ref fpsr);

    private static ulong StepFused(int width, ulong op1, ulong op2, bool squareRoot, uint fpcr, ref uint fpsr)
    {
        // The negation precedes NaN propagation: a propagated first NaN has its sign inverted.
        op1 = Neg(width, op1);
        Unpack(width, op1, fpcr, ref fpsr, out FpUnpacked a);
        Unpack(width, op2, fpcr, ref fpsr, out FpUnpacked b);
        if (a.IsNaN || b.IsNaN)
            return ProcessNaNs(width, a.Type, b.Type, op1, op2, fpcr, ref fpsr);

        FpUnpacked constant = default;
        constant.Type = FpType.NonZero;
        constant.Exponent = 1;
        constant.Fraction = squareRoot ? TopBit | (TopBit >> 1) : TopBit;
        int scale = squareRoot ? -1 : 0;
        if (IsZeroTimesInfinity(a, b))
            return Round(width, false, constant.Exponent + scale, constant.Fraction, fpcr, ref fpsr);
        if (a.IsInfinity || b.IsInfinity)
            return Infinity(width, a.Sign ^ b.Sign);
        return MulAddFinite(width, constant, a, b, scale, fpcr, ref fpsr);
    }
}
