using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>Physical pages of the guest that code was translated from, for the heat map and its table.</summary>
internal sealed class PagePages
{
    private const int PageShift = 12;

    private readonly SortedDictionary<ulong, Page> _pages = [];

    public PagePages(Profile profile)
    {
        foreach (var block in profile.Blocks)
        {
            var page = Of(block.PhysicalAddress);
            var samples = block.TotalSamples;
            page.Samples += samples;
            page.Blocks++;
            page.Bytes += block.HostSize;
            if (block.RemovalCause != RemovalCause.None)
                page.Lost++;
            if (block.Symbol >= 0 && samples >= page.Most)
                (page.Most, page.Name) = (samples, profile.Symbols[block.Symbol].Name);
        }

        foreach (var one in profile.Retranslations)
            Of(one.PhysicalAddress).Again += one.Count;
    }

    /// <summary>A physical address as a number that JavaScript has exactly; there are 52 bits of them at most.</summary>
    public static long Number(ulong address) => (long)(address & ((1UL << 52) - 1));

    public void Write(Utf8JsonWriter json, Func<string, int> nameNumber)
    {
        json.WriteStartObject("pages");
        json.WriteNumbers("page", _pages.Keys.Select(page => Number(page << PageShift) >> PageShift));
        json.WriteNumbers("samples", _pages.Values.Select(page => page.Samples));
        json.WriteNumbers("blocks", _pages.Values.Select(page => page.Blocks));
        json.WriteNumbers("bytes", _pages.Values.Select(page => page.Bytes));
        json.WriteNumbers("lost", _pages.Values.Select(page => page.Lost));
        json.WriteNumbers("again", _pages.Values.Select(page => page.Again));
        json.WriteNumbers("name", _pages.Values.Select(page => page.Name is null ? -1L : nameNumber(page.Name)));
        json.WriteEndObject();
    }

    private Page Of(ulong address)
    {
        if (!_pages.TryGetValue(address >> PageShift, out var page))
            _pages.Add(address >> PageShift, page = new Page());
        return page;
    }

    private sealed class Page
    {
        public long Samples { get; set; }

        public long Blocks { get; set; }

        public long Bytes { get; set; }

        public long Lost { get; set; }

        public long Again { get; set; }

        public long Most { get; set; }

        /// <summary>The function of its block with most samples.</summary>
        public string? Name { get; set; }
    }
}
