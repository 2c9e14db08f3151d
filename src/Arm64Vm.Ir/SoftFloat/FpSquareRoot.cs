namespace Arm64Vm.Ir.SoftFloat;

/// <summary>Square root (FPSqrt).</summary>
internal static partial class Fp
{
    /// <summary>FPSqrt.</summary>
    public static ulong Sqrt(int width, ulong op, uint fpcr, ref uint fpsr)
    {
        Unpack(width, op, fpcr, ref fpsr, out FpUnpacked a);
        if (a.IsNaN)
            return ProcessNaN(width, a.Type, op, fpcr, ref fpsr);
        if (a.IsZero)
            return Zero(width, a.Sign);
        if (a.Sign)
            return InvalidOperation(width, ref fpsr);
        if (a.IsInfinity)
            return Infinity(width, false);

        // As an integer of 56 bits: at most 54 of them are used, and an even exponent stands below it.
        ulong radicand = (a.Exponent & 1) != 0 ? a.Fraction >> 8 : a.Fraction >> 9;
        ulong root = SquareRoot56(radicand, out ulong remainder);
        int bits = 28;
        if (width == 64)
        {
            root = SquareRootStep(root, remainder, 28, out remainder);
            bits = 56;
        }

        ulong fraction = (root << (64 - bits)) | (remainder != 0 ? 1UL : 0);
        return Round(width, false, a.Exponent >> 1, fraction, fpcr, ref fpsr);
    }

    /// <summary>Floor of the square root of an integer in [2^54, 2^56), and what remains.</summary>
    private static ulong SquareRoot56(ulong value, out ulong remainder)
    {
        ulong root = 0, square = value >> 42;
        for (ulong bit = 1UL << 6; bit != 0; bit >>= 1)
        {
            ulong trial = root | bit;
            if (trial * trial <= square)
                root = trial;
        }

        // The digits below join the remainder two at a time; the last step of this halving belongs to the caller.
        remainder = square - (root * root);
        root = SquareRootStep(root, remainder, 7, (value >> 28) & 0x3FFF, out remainder);
        return SquareRootStep(root, remainder, 14, value & 0xFFF_FFFF, out remainder);
    }

    private static ulong SquareRootStep(ulong root, ulong remainder, int digitBits, out ulong newRemainder) =>
        SquareRootStep(root, remainder, digitBits, 0, out newRemainder);

    /// <summary>
    /// Doubles the bits of a square root: with s² + r the upper half of the radicand, the next digit is q = (r·2^k + a1) / 2s
    /// and the remainder u·2^k + a0 - q², corrected once when negative (Zimmermann, "Karatsuba Square Root", 1999).
    /// </summary>
    private static ulong SquareRootStep(ulong root, ulong remainder, int digitBits, ulong low, out ulong newRemainder)
    {
        ulong dividend = (remainder << digitBits) | (low >> digitBits);
        ulong digit = dividend / (2 * root);
        ulong rest = dividend - (digit * 2 * root);
        ulong result = (root << digitBits) + digit;
        long difference = (long)((rest << digitBits) | (low & ((1UL << digitBits) - 1))) - (long)(digit * digit);
        if (difference < 0)
        {
            difference += (long)((2 * result) - 1);
            result--;
        }

        newRemainder = (ulong)difference;
        return result;
    }
}
