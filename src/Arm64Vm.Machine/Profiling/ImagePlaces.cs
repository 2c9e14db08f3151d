using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Where programs and libraries were loaded, found by their bytes: code that ran at EL0 is looked for in the file, at the same offset in a page.</summary>
internal static class ImagePlaces
{
    /// <summary>Fewer bytes may be alike by chance.</summary>
    private const int FewestBytes = 20;
    private const int MostTries = 4000;

    /// <summary>Distances from the file's addresses to the guest's, with the process.</summary>
    public static HashSet<(ulong Place, int Process)> Find(ElfSymbols elf, BlockRegistry registry, IReadOnlyDictionary<(int Process, int Block), ulong> sightings)
    {
        HashSet<(ulong, int)> places = [];
        HashSet<int> settled = [];
        Dictionary<int, ulong?> found = [];
        foreach (var ((process, block), address) in sightings.Where(one => SizeOf(registry, one.Key.Block) >= FewestBytes).OrderByDescending(one => SizeOf(registry, one.Key.Block)))
        {
            if (settled.Contains(process))
                continue;
            if (!found.TryGetValue(block, out var inFile))
            {
                if (found.Count >= MostTries)
                    continue;
                inFile = elf.Segments.Select(segment => Search(segment, registry.BlockAt(block))).FirstOrDefault(one => one is not null);
                found.Add(block, inFile);
            }

            if (inFile is not { } at || (!elf.IsRelocatable && address != at))
                continue;
            places.Add((address - at, process));
            settled.Add(process);
        }

        return places;
    }

    private static int SizeOf(BlockRegistry registry, int block) => registry.BlockAt(block).GuestCode.Length;

    private static ulong? Search(in ElfSymbols.Segment segment, in ProfiledBlock block)
    {
        var bytes = segment.Bytes.Span;
        var first = (int)((block.VirtualAddress - segment.Address) & 0xFFF);
        for (var at = first; at + block.GuestCode.Length <= bytes.Length; at += 0x1000)
        {
            if (bytes.Slice(at, block.GuestCode.Length).SequenceEqual(block.GuestCode))
                return segment.Address + (ulong)at;
        }

        return null;
    }
}
