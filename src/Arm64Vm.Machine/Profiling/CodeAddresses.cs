using System.Buffers.Binary;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Addresses that A64 code computes from where it is: ADRP, with what ADD and the offsets of loads put on top.</summary>
internal static class CodeAddresses
{
    private const int Registers = 32;

    /// <summary>In the order of the code, which is taken as a straight line.</summary>
    /// <param name="code">Instructions.</param>
    /// <param name="address">Where they run.</param>
    public static List<ulong> Find(ReadOnlySpan<byte> code, ulong address)
    {
        List<ulong> found = [];
        Span<ulong> known = stackalloc ulong[Registers];
        known.Clear();
        for (var at = 0; at + 4 <= code.Length; at += 4)
        {
            var instruction = BinaryPrimitives.ReadUInt32LittleEndian(code[at..]);
            var (target, source) = ((int)(instruction & 31), (int)((instruction >> 5) & 31));
            ulong immediate = (instruction >> 10) & 0xFFF;
            if ((instruction & 0x9F00_0000) == 0x9000_0000)
            {
                // ADRP: a distance of 21 bits, in pages.
                var pages = (long)((((instruction >> 5) & 0x7_FFFF) << 2) | ((instruction >> 29) & 3)) << 43 >> 43;
                known[target] = ((address + (ulong)at) & ~0xFFFUL) + ((ulong)pages << 12);
            }
            else if ((instruction & 0xFF80_0000) == 0x9100_0000 && known[source] != 0)
            {
                // ADD (immediate), perhaps of pages.
                known[target] = known[source] + ((instruction & (1 << 22)) != 0 ? immediate << 12 : immediate);
                found.Add(known[target]);
            }
            else if ((instruction & 0xFFC0_0000) == 0xF940_0000 && known[source] != 0)
            {
                // LDR (immediate, unsigned offset), 64 bits.
                found.Add(known[source] + (immediate * 8));
                known[target] = 0;
            }
        }

        return found;
    }
}
