namespace Arm64Vm.Profiling;

/// <summary>A physical page of the guest that code was translated from.</summary>
/// <param name="Address">Physical.</param>
/// <param name="Samples">In its blocks.</param>
/// <param name="Blocks">Made of it.</param>
/// <param name="Bytes">Of host code that these had.</param>
/// <param name="Lost">Blocks that were removed.</param>
/// <param name="Again">Blocks that were made again from the same bytes.</param>
/// <param name="Name">The function of its block with most samples; null: none is known.</param>
internal sealed record CodePage(ulong Address, long Samples, long Blocks, long Bytes, long Lost, long Again, string? Name)
{
    private const ulong Mask = 0xFFF;

    /// <summary>All of a profile, ascending by address.</summary>
    public static IReadOnlyList<CodePage> Of(Profile profile)
    {
        SortedDictionary<ulong, CodePage> pages = [];
        Dictionary<ulong, long> most = [];
        foreach (var block in profile.Blocks)
        {
            var page = At(block.PhysicalAddress);
            var samples = block.TotalSamples;
            page = page with { Samples = page.Samples + samples, Blocks = page.Blocks + 1, Bytes = page.Bytes + block.HostSize, Lost = page.Lost + (block.RemovalCause == RemovalCause.None ? 0 : 1) };
            if (block.Symbol >= 0 && samples >= most.GetValueOrDefault(page.Address))
            {
                most[page.Address] = samples;
                page = page with { Name = profile.Symbols[block.Symbol].Name };
            }

            pages[page.Address] = page;
        }

        foreach (var one in profile.Retranslations)
        {
            var page = At(one.PhysicalAddress);
            pages[page.Address] = page with { Again = page.Again + one.Count };
        }

        return [.. pages.Values];

        CodePage At(ulong address) => pages.GetValueOrDefault(address & ~Mask) ?? new CodePage(address & ~Mask, 0, 0, 0, 0, 0, null);
    }
}
