using System.Globalization;
using System.Runtime.InteropServices;
using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>Compares the RAM of two machines, without touching what neither of them has touched.</summary>
/// <remarks>SAFETY: both processors stand still, and the blocks of RAM exist and have the same size.</remarks>
internal static unsafe partial class MemoryComparison
{
    private const int PageSize = 4096;
    private const int ChunkPages = 4096;
    private const int MostDifferences = 8;

    /// <summary>Adds the first bytes that differ; true where there are none.</summary>
    public static bool Compare(GuestRam first, GuestRam second, List<LockstepDifference> differences)
    {
        var found = 0;
        Span<byte> inFirst = stackalloc byte[ChunkPages];
        Span<byte> inSecond = stackalloc byte[ChunkPages];
        for (ulong at = 0; at < first.Size; at += (ulong)ChunkPages * PageSize)
        {
            var pages = (int)Math.Min(ChunkPages, (first.Size - at) / PageSize);
            Resident(first.Host + at, inFirst[..pages]);
            Resident(second.Host + at, inSecond[..pages]);
            for (var page = 0; page < pages && found < MostDifferences; page++)
            {
                if (((inFirst[page] | inSecond[page]) & 1) != 0)
                    found += ComparePage(first, second, at + (ulong)page * PageSize, differences, MostDifferences - found);
            }
        }

        return found == 0;
    }

    private static int ComparePage(GuestRam first, GuestRam second, ulong offset, List<LockstepDifference> differences, int limit)
    {
        ReadOnlySpan<byte> a = new(first.Host + offset, PageSize);
        ReadOnlySpan<byte> b = new(second.Host + offset, PageSize);
        if (a.SequenceEqual(b))
            return 0;
        var found = 0;
        for (var i = 0; i < PageSize && found < limit; i++)
        {
            if (a[i] == b[i])
                continue;
            found++;
            differences.Add(new LockstepDifference(
                string.Create(CultureInfo.InvariantCulture, $"memory 0x{first.PhysicalBase + offset + (ulong)i:x}"),
                a[i].ToString("x2", CultureInfo.InvariantCulture), b[i].ToString("x2", CultureInfo.InvariantCulture)));
        }

        return found;
    }

    /// <summary>Bit 0 of each byte: the page has been touched. Where the host does not say, all have.</summary>
    private static void Resident(byte* address, Span<byte> pages)
    {
        fixed (byte* answer = pages)
        {
            if (mincore(address, (nuint)pages.Length * PageSize, answer) != 0)
                pages.Fill(1);
        }
    }

    [LibraryImport("libc")]
    private static partial int mincore(byte* address, nuint length, byte* answer);
}
