using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>128 raw bits, little endian: a vector register, or an integer in <see cref="Lo"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal record struct Bits128(ulong Lo, ulong Hi)
{
    public static Bits128 Zero => default;

    /// <summary>Element <paramref name="index"/> of <paramref name="size"/> bytes (1, 2, 4, 8), zero-extended.</summary>
    public readonly ulong Element(int size, int index)
    {
        int bit = index * size * 8;
        ulong half = bit < 64 ? Lo : Hi;
        half >>= bit & 63;
        return size == 8 ? half : half & ((1UL << (size * 8)) - 1);
    }

    /// <summary>Replaces element <paramref name="index"/> of <paramref name="size"/> bytes by the low bits of <paramref name="value"/>.</summary>
    public void SetElement(int size, int index, ulong value)
    {
        int bit = index * size * 8;
        ulong mask = size == 8 ? ulong.MaxValue : (1UL << (size * 8)) - 1;
        int shift = bit & 63;
        if (bit < 64)
            Lo = (Lo & ~(mask << shift)) | ((value & mask) << shift);
        else
            Hi = (Hi & ~(mask << shift)) | ((value & mask) << shift);
    }

    public override readonly string ToString() => $"{Hi:x16}{Lo:x16}";
}
