namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Conversion to and from integers and fixed point (FPToFixed, FixedToFP, FPToFixedJS).</summary>
internal static partial class Fp
{
    /// <summary>
    /// FPToFixed: value · 2^fbits as an integer of <paramref name="intWidth"/> (16, 32, 64) bits, zero-extended.
    /// Out of range saturates with Invalid Operation alone; a NaN gives zero with Invalid Operation.
    /// </summary>
    public static ulong ToFixed(
        int intWidth, int width, ulong op, int fbits, bool unsigned, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
        {
            fpsr |= FpsrBits.InvalidOperation;
            return 0;
        }

        if (a.IsZero)
            return 0;

        ulong limit = unsigned ? (a.Sign ? 0 : Mask(intWidth)) : a.Sign ? 1UL << (intWidth - 1) : Mask(intWidth) >> 1;
        int exponent = a.Exponent + fbits;
        ulong magnitude = limit;
        if (a.IsInfinity || exponent > 63)
        {
            fpsr |= FpsrBits.InvalidOperation;
        }
        else
        {
            magnitude = RoundMagnitude(a, exponent, rounding, out bool inexact);
            if (magnitude > limit)
            {
                magnitude = limit;
                fpsr |= FpsrBits.InvalidOperation;
            }
            else if (inexact)
            {
                fpsr |= FpsrBits.Inexact;
            }
        }

        return (a.Sign ? 0 - magnitude : magnitude) & Mask(intWidth);
    }

    /// <summary>FixedToFP: an integer of <paramref name="intWidth"/> (16, 32, 64) bits times 2^-fbits.</summary>
    public static ulong FromFixed(
        int width, int intWidth, ulong op, int fbits, bool unsigned, FpRounding rounding, uint fpcr, ref uint fpsr)
    {
        op &= Mask(intWidth);
        bool sign = !unsigned && ((op >> (intWidth - 1)) & 1) != 0;
        ulong magnitude = sign ? (0 - op) & Mask(intWidth) : op;
        return magnitude == 0 ? 0 : RoundInteger(width, sign, magnitude, -fbits, rounding, fpcr, ref fpsr);
    }

    /// <summary>FPToFixedJS (FJCVTZS): a double to 32 bits modulo 2^32; <paramref name="nzcv"/> has Z (bit 2) set when the conversion was exact.</summary>
    public static uint ToFixedJS(ulong op, uint fpcr, ref uint fpsr, out uint nzcv)
    {
        const uint z = 0b0100;
        nzcv = 0;
        Unpack(64, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsZero)
        {
            // -0 and flushed denormals are not exact.
            if (op == 0)
                nzcv = z;
            return 0;
        }

        if (a.IsNaN || a.IsInfinity)
        {
            fpsr |= FpsrBits.InvalidOperation;
            return 0;
        }

        if (a.Exponent > 63)
        {
            fpsr |= FpsrBits.InvalidOperation;
            int shift = a.Exponent - 63;
            ulong low = shift > 31 ? 0 : a.Fraction << shift;
            return (uint)(a.Sign ? 0 - low : low);
        }

        ulong magnitude = RoundMagnitude(a, a.Exponent, FpRounding.Zero, out bool inexact);
        if (magnitude > (a.Sign ? 1UL << 31 : (1UL << 31) - 1))
            fpsr |= FpsrBits.InvalidOperation;
        else if (inexact)
            fpsr |= FpsrBits.Inexact;
        else
            nzcv = z;
        return (uint)(a.Sign ? 0 - magnitude : magnitude);
    }
}
