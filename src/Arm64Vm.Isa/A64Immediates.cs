using System.Numerics;

namespace Arm64Vm.Isa;

/// <summary>The immediates that A64 packs: bit masks of logical instructions, floating-point and SIMD modified immediates.</summary>
internal static class A64Immediates
{
    /// <summary>DecodeBitMasks' wmask (Arm ARM, shared pseudocode): a run of ones, rotated and replicated. 32-bit where <paramref name="is64Bit"/> is false.</summary>
    /// <returns>False for reserved encodings.</returns>
    public static bool TryDecodeBitMask(bool is64Bit, int n, int immr, int imms, out ulong mask)
    {
        mask = 0;
        if (n != 0 && !is64Bit)
            return false;
        // The highest set bit of N:NOT(imms) is log2 of the element size.
        int selector = ((n & 1) << 6) | (~imms & 63);
        int log2Size = BitOperations.Log2((uint)selector | 1);
        if (selector < 2)
            return false;
        int size = 1 << log2Size;
        int ones = (imms & (size - 1)) + 1;
        if (ones == size)
            return false;
        int rotate = immr & (size - 1);
        ulong sizeMask = ulong.MaxValue >> (64 - size);
        ulong element = (1ul << ones) - 1;
        if (rotate != 0)
            element = ((element >> rotate) | (element << (size - rotate))) & sizeMask;
        // All ones divided by the ones of an element: 1 in every element's lowest bit.
        mask = element * (ulong.MaxValue / sizeMask);
        if (!is64Bit)
            mask = (uint)mask;
        return true;
    }

    /// <summary>VFPExpandImm: the half (16), single (32) or double (64) with sign a, exponent NOT(b):b…b:cd and fraction efgh.</summary>
    public static ulong ExpandFpImmediate(int bits, uint imm8)
    {
        int exponentBits = bits switch { 16 => 5, 32 => 8, _ => 11 };
        int fractionBits = bits - exponentBits - 1;
        ulong sign = (imm8 >> 7) & 1;
        ulong b = (imm8 >> 6) & 1;
        ulong repeated = b == 0 ? 0 : (1ul << (exponentBits - 3)) - 1;
        ulong exponent = ((b ^ 1) << (exponentBits - 1)) | (repeated << 2) | ((imm8 >> 4) & 3);
        return (sign << (bits - 1)) | (exponent << fractionBits) | ((ulong)(imm8 & 15) << (fractionBits - 4));
    }

    /// <summary>AdvSIMDExpandImm: the 64 bits that MOVI, MVNI, ORR, BIC and FMOV (vector, immediate) replicate; MVNI's and BIC's are not yet inverted.</summary>
    /// <param name="op">Bit 29.</param>
    /// <param name="cmode">Bits 15:12.</param>
    /// <param name="imm8">a:b:c:d:e:f:g:h.</param>
    public static ulong ExpandSimdImmediate(int op, int cmode, uint imm8)
    {
        const ulong EveryByte = 0x0101_0101_0101_0101;
        const ulong EveryHalf = 0x0001_0001_0001_0001;
        const ulong EveryWord = 0x0000_0001_0000_0001;
        ulong imm = imm8 & 0xff;
        switch ((cmode >> 1) & 7)
        {
            case 0:
            case 1:
            case 2:
            case 3:
                return (imm << (8 * ((cmode >> 1) & 3))) * EveryWord;
            case 4:
            case 5:
                return (imm << (8 * ((cmode >> 1) & 1))) * EveryHalf;
            case 6:
                return ((cmode & 1) == 0 ? (imm << 8) | 0xff : (imm << 16) | 0xffff) * EveryWord;
            default:
                if ((cmode & 1) == 0)
                    return (op & 1) == 0 ? imm * EveryByte : ExpandBitsToBytes(imm);
                return (op & 1) == 0 ? ExpandFpImmediate(32, imm8) * EveryWord : ExpandFpImmediate(64, imm8);
        }
    }

    private static ulong ExpandBitsToBytes(ulong imm)
    {
        ulong value = 0;
        for (int bit = 0; bit < 8; bit++)
        {
            if (((imm >> bit) & 1) != 0)
                value |= 0xfful << (8 * bit);
        }

        return value;
    }
}
