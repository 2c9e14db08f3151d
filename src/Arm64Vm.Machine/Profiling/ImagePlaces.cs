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
    public static HashSet<(ulong Place, int Process)> Find(ElfSymbols elf, BlockRegistry registry, SampleCollector samples)
    {
        HashSet<(ulong, int)> places = [];
        HashSet<ulong> settled = [];
        var tries = 0;
        foreach (var block in registry.Blocks.Where(block => block.Mode.ExceptionLevel == 0 && block.Samples is not null && block.GuestCode.Length >= FewestBytes).OrderByDescending(block => block.GuestCode.Length))
        {
            // Pages are shared: the same code may be in many address spaces, at places of their own.
            if (settled.Contains(block.TableBase) || ++tries > MostTries)
                continue;
            foreach (var segment in elf.Segments)
            {
                if (Search(segment, block) is not { } address)
                    continue;
                var place = block.VirtualAddress - address;
                if (!elf.IsRelocatable && place != 0)
                    continue;
                places.Add((place, samples.ProcessOf(block.TableBase)));
                settled.Add(block.TableBase);
                break;
            }
        }

        return places;
    }

    private static ulong? Search(in ElfSymbols.Segment segment, ProfiledBlock block)
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
