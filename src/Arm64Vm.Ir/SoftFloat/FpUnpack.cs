using System.Numerics;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Class of an operand after input flushing (Arm ARM FPType).</summary>
internal enum FpType
{
    Zero,
    NonZero,
    Infinity,
    QuietNaN,
    SignalingNaN,
}

/// <summary>
/// An operand taken apart. A <see cref="FpType.NonZero"/> value is Fraction · 2^(Exponent - 63) with bit 63 of Fraction set:
/// denormals are normalized here, so arithmetic never sees one.
/// Passed by reference throughout: returned by value its fields would be packed into registers through narrow stores and a wide load.
/// </summary>
internal struct FpUnpacked
{
    public ulong Fraction;
    public int Exponent;
    public FpType Type;
    public bool Sign;

    public readonly bool IsNaN => Type >= FpType.QuietNaN;

    public readonly bool IsInfinity => Type == FpType.Infinity;

    public readonly bool IsZero => Type == FpType.Zero;
}

/// <summary>
/// Arm floating point on raw bits, bit-exact in value and cumulative flags with the Arm ARM's shared/functions/float.
/// <para>
/// <c>width</c> is 16, 32 or 64; operands are in the low bits (anything above is ignored), results are zero-extended.
/// <c>fpcr</c> is the guest's FPCR, <c>fpsr</c> accumulates exception bits and never loses one. Exceptions never trap.
/// The code uses integers only: it may run while the host's own rounding mode and sticky flags belong to the guest.
/// </para>
/// </summary>
internal static partial class Fp
{
    private const ulong TopBit = 1UL << 63;

    internal static int FractionBits(int width) => width == 64 ? 52 : width == 32 ? 23 : 10;

    internal static int ExponentBits(int width) => width == 64 ? 11 : width == 32 ? 8 : 5;

    internal static ulong Mask(int width) => ulong.MaxValue >> (64 - width);

    internal static FpRounding RoundingMode(uint fpcr) => (FpRounding)((fpcr >> FpcrBits.RModeShift) & 3);

    /// <summary>FPUnpack: AHP does not apply, FZ16 does. Inlined for normal operands: with the short path of Round it took an addition of doubles from 77 to 44 ns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Unpack(int width, ulong op, uint fpcr, ref uint fpsr, out FpUnpacked result)
    {
        int fractionBits = FractionBits(width);
        int exponentOnes = (1 << ExponentBits(width)) - 1;
        int exponent = (int)(op >> fractionBits) & exponentOnes;
        if ((uint)(exponent - 1) < (uint)(exponentOnes - 1))
        {
            result.Type = FpType.NonZero;
            result.Sign = ((op >> (width - 1)) & 1) != 0;
            result.Exponent = exponent - (exponentOnes >> 1);
            result.Fraction = TopBit | (op << (63 - fractionBits));
        }
        else
        {
            UnpackSpecial(width, op, fpcr & ~FpcrBits.AlternativeHalf, ref fpsr, out result);
        }
    }

    /// <summary>FPUnpackCV, for conversions between formats: AHP applies, FZ16 does not.</summary>
    internal static void UnpackForConvert(int width, ulong op, uint fpcr, ref uint fpsr, out FpUnpacked result)
    {
        Unpack(width, op, fpcr & ~FpcrBits.FlushToZero16, ref fpsr, out result);
        if (result.Type >= FpType.Infinity && (fpcr & FpcrBits.AlternativeHalf) != 0)
            UnpackSpecial(width, op, fpcr & ~FpcrBits.FlushToZero16, ref fpsr, out result);
    }

    /// <summary>An exponent field of all zeros or all ones.</summary>
    private static void UnpackSpecial(int width, ulong op, uint fpcr, ref uint fpsr, out FpUnpacked result)
    {
        int fractionBits = FractionBits(width);
        int exponentOnes = (1 << ExponentBits(width)) - 1;
        int bias = exponentOnes >> 1;
        int exponent = (int)(op >> fractionBits) & exponentOnes;
        ulong fraction = op << (64 - fractionBits) >> 1;

        result = default;
        result.Sign = ((op >> (width - 1)) & 1) != 0;
        if (exponent == 0)
        {
            if (fraction == 0)
                return;
            if (width == 16)
            {
                // Flushing a half sets no flag (FPUnpackBase).
                if ((fpcr & FpcrBits.FlushToZero16) != 0)
                    return;
            }
            else if ((fpcr & FpcrBits.FlushToZero) != 0)
            {
                fpsr |= FpsrBits.InputDenormal;
                return;
            }

            int shift = BitOperations.LeadingZeroCount(fraction);
            result.Type = FpType.NonZero;
            result.Exponent = 1 - bias - shift;
            result.Fraction = fraction << shift;
            return;
        }

        if (width == 16 && (fpcr & FpcrBits.AlternativeHalf) != 0)
        {
            result.Type = FpType.NonZero;
            result.Exponent = exponent - bias;
            result.Fraction = TopBit | fraction;
        }
        else if (fraction == 0)
        {
            result.Type = FpType.Infinity;
        }
        else
        {
            result.Type = (fraction & (TopBit >> 1)) != 0 ? FpType.QuietNaN : FpType.SignalingNaN;
        }
    }
}
