using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Memory;

/// <summary>Compare-exchange of 1 to 16 bytes of guest memory, aligned to their size.</summary>
internal static unsafe class HostAtomics
{
    /// <summary>Stores <paramref name="replacement"/> where the bytes equal <paramref name="expected"/>; returns what was there.</summary>
    public static Bits128 CompareExchange(byte* host, int size, Bits128 expected, Bits128 replacement)
    {
        // SAFETY: the caller resolved `size` writable bytes and checked alignment.
        switch (size)
        {
            case 1:
                return new Bits128(Interlocked.CompareExchange(ref *host, (byte)replacement.Lo, (byte)expected.Lo), 0);
            case 2:
                return new Bits128(Interlocked.CompareExchange(ref *(ushort*)host, (ushort)replacement.Lo, (ushort)expected.Lo), 0);
            case 4:
                return new Bits128(Interlocked.CompareExchange(ref *(uint*)host, (uint)replacement.Lo, (uint)expected.Lo), 0);
            case 8:
                return new Bits128(Interlocked.CompareExchange(ref *(ulong*)host, replacement.Lo, expected.Lo), 0);
            default:
                return CompareExchange128.Run(host, expected, replacement);
        }
    }

    /// <summary>Reads 16 aligned bytes at once: AVX hosts do that with one vector load.</summary>
    public static Bits128 Read128(byte* host)
    {
        if (Avx.IsSupported)
        {
            Vector128<ulong> value = Sse2.LoadAlignedVector128((ulong*)host);
            return new Bits128(value.GetElement(0), value.GetElement(1));
        }

        Bits128 zero = default;
        return CompareExchange128.Run(host, zero, zero);
    }
}
