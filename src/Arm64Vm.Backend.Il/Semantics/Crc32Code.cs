using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Arm64Vm.Backend.Il;

/// <summary>CRC-32 steps, with host instructions where there are any, else by a table.</summary>
internal static class Crc32Code
{
    private static readonly uint[] s_crc32 = MakeTable(0xEDB8_8320);
    private static readonly uint[] s_crc32C = MakeTable(0x82F6_3B78);

    public static uint Update(uint crc, ulong value, int size)
    {
        if (Crc32.Arm64.IsSupported)
        {
            return size switch
            {
                1 => Crc32.ComputeCrc32(crc, (byte)value),
                2 => Crc32.ComputeCrc32(crc, (ushort)value),
                4 => Crc32.ComputeCrc32(crc, (uint)value),
                _ => Crc32.Arm64.ComputeCrc32(crc, value),
            };
        }

        return ByTable(s_crc32, crc, value, size);
    }

    public static uint UpdateC(uint crc, ulong value, int size)
    {
        if (Sse42.X64.IsSupported)
        {
            return size switch
            {
                1 => Sse42.Crc32(crc, (byte)value),
                2 => Sse42.Crc32(crc, (ushort)value),
                4 => Sse42.Crc32(crc, (uint)value),
                _ => (uint)Sse42.X64.Crc32(crc, value),
            };
        }

        return ByTable(s_crc32C, crc, value, size);
    }

    private static uint ByTable(uint[] table, uint crc, ulong value, int size)
    {
        for (; size > 0; size--, value >>= 8)
            crc = (crc >> 8) ^ table[(byte)(crc ^ value)];
        return crc;
    }

    private static uint[] MakeTable(uint polynomial)
    {
        uint[] table = new uint[256];
        for (uint n = 0; n < table.Length; n++)
        {
            uint crc = n;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * polynomial);
            table[n] = crc;
        }

        return table;
    }
}
