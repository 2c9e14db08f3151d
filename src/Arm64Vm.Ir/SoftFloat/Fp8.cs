namespace Arm64Vm.Ir.SoftFloat;

/// <summary>8-bit floating point of FEAT_FP8FMA where FPMR is zero: both sources are OFP8 E5M2, products are not scaled, overflow is infinite.</summary>
internal static class Fp8
{
    /// <summary>
    /// FP8MulAddFP with a half-precision addend: one rounding to nearest, denormals kept, every NaN the default NaN; neither reads FPCR nor
    /// sets flags.
    /// </summary>
    public static ulong MulAddHalf(ulong addend, ulong op1, ulong op2)
    {
        // An E5M2 number is the upper byte of a half with the same value, infinities and NaNs included.
        uint ignored = 0;
        return Fp.MulAdd(16, addend, op1 << 8, op2 << 8, FpcrBits.DefaultNaN, ref ignored);
    }
}
