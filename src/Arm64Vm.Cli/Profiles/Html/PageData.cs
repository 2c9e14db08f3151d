using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>What a page's scripts show: tables as one array a column, texts once each.</summary>
/// <remarks>Written with the default encoder, which leaves nothing that could end the script element that the document is in.</remarks>
internal sealed class PageData(Profile profile)
{
    /// <summary>Blocks whose code is in the page: the listing of one takes some kilobytes.</summary>
    private const int Listings = 400;

    private readonly FunctionTable _functions = FunctionTable.Of(profile);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Write(Stream output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        WriteInfo(json);
        WriteFunctions(json);
        WriteBlocks(json);
        WriteCounts(json);
        PagePages.Write(profile, json, NameNumber);
        WriteTimeline(json);
        new PageFlame(profile).Write(json, NameNumber);
        WriteListings(json);
        json.WriteTexts("names", _names);
        json.WriteEndObject();
    }

    private void WriteInfo(Utf8JsonWriter json)
    {
        var info = profile.Info;
        json.WriteStartObject("info");
        json.WriteString("version", info.Version);
        json.WriteString("host", info.Host);
        json.WriteString("guest", info.Guest);
        json.WriteString("backend", info.Backend);
        json.WriteString("start", $"{info.Start:yyyy-MM-dd HH:mm:ss} UTC");
        json.WriteNumber("duration", info.Duration);
        json.WriteNumber("interval", info.SampleInterval);
        json.WriteNumber("processors", info.Processors);
        json.WriteBoolean("exact", info.IsExact);
        json.WriteNumber("dropped", info.DroppedSamples);
        json.WriteNumber("samples", profile.Samples.Sum(sample => (long)sample.Weight));
        json.WriteNumber("guestSamples", _functions.Samples);
        json.WriteEndObject();
        json.WriteStartObject("places");
        json.WriteTexts("names", Enumerable.Range(0, ProfilePlaces.Count).Select(place => ProfilePlaces.Name((ProfilePlace)place)));
        json.WriteNumbers("time", profile.Places);
        json.WriteEndObject();
        json.WriteTexts("findings", Findings.Of(profile, _functions));
        json.WriteTexts("notes", Notes());
        json.WriteTexts("causes", Enum.GetNames<RemovalCause>());
        json.WriteStartArray("counters");
        foreach (var (name, value) in profile.Counters)
        {
            json.WriteStartArray();
            json.WriteStringValue(name);
            json.WriteNumberValue(value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>What the recording lacks.</summary>
    private IEnumerable<string> Notes()
    {
        if (profile.Timeline.Count == 0)
            yield return "The recording has no time line.";
        else if (profile.Timeline.TrueForAll(slice => slice.TierSamples[1] == 0) && profile.Blocks.TrueForAll(block => block.Tier == 0))
            yield return "The recording knows one tier of translations: this back end makes fast code only, or did not say.";
        if (profile.Info.DroppedSamples > 0)
            yield return $"{profile.Info.DroppedSamples:N0} samples were not kept one by one: the flame graph and the functions lack them, the blocks do not.";
        if (profile.Info.DroppedEvents > 0)
            yield return $"{profile.Info.DroppedEvents:N0} translations and removals were not kept one by one.";
        if (!profile.Info.IsExact)
            yield return "Entries of blocks were not counted (profile --exact).";
        if (profile.Blocks.Count > 0 && profile.Blocks.TrueForAll(block => block.Ir is null))
            yield return "IR was not kept: what is shown is made again from the guest's code by this version.";
    }

    private void WriteFunctions(Utf8JsonWriter json)
    {
        var rows = _functions.Functions;
        json.WriteStartObject("functions");
        json.WriteNumbers("name", rows.Select(row => (long)NameNumber(row.Name)));
        json.WriteNumbers("module", rows.Select(row => (long)NameNumber(row.Module)));
        json.WriteNumbers("symbol", rows.Select(row => (long)row.Symbol));
        json.WriteNumbers("self", rows.Select(row => row.Self));
        json.WriteNumbers("total", rows.Select(row => row.Total));
        json.WriteNumbers("emitted", rows.Select(row => row.Emitted));
        json.WriteEndObject();
    }

    private void WriteBlocks(Utf8JsonWriter json)
    {
        var blocks = profile.Blocks;
        json.WriteStartObject("blocks");
        json.WriteTexts("va", blocks.Select(block => Hex(block.VirtualAddress)));
        json.WriteNumbers("pa", blocks.Select(block => PagePages.Number(block.PhysicalAddress)));
        json.WriteNumbers("el", blocks.Select(block => (long)block.ExceptionLevel));
        json.WriteNumbers("tier", blocks.Select(block => (long)block.Tier));
        WritePlace(json, blocks.Select(block => (block.VirtualAddress, block.Symbol)));
        json.WriteNumbers("samples", blocks.Select(block => block.TotalSamples));
        json.WriteNumbers("entries", blocks.Select(block => block.Entries));
        json.WriteNumbers("guest", blocks.Select(block => (long)block.GuestInstructions));
        json.WriteNumbers("ir", blocks.Select(block => (long)block.IrInstructions));
        json.WriteNumbers("host", blocks.Select(block => (long)block.HostSize));
        json.WriteNumbers("hot", blocks.Select(block => (long)block.HotSize));
        json.WriteNumbers("time", blocks.Select(block => block.TranslationTime));
        json.WriteNumbers("lost", blocks.Select(block => (long)block.RemovalCause));
        json.WriteEndObject();
    }

    private void WriteCounts(Utf8JsonWriter json)
    {
        json.WriteStartObject("exits");
        json.WriteNumbers("count", profile.Exits.Select(exit => exit.Count));
        json.WriteNumbers("reason", profile.Exits.Select(exit => (long)NameNumber(exit.Reason)));
        json.WriteTexts("site", profile.Exits.Select(exit => Hex(exit.Site)));
        WritePlace(json, profile.Exits.Select(exit => (exit.Site, exit.Symbol)));
        json.WriteEndObject();
        json.WriteStartObject("misses");
        json.WriteNumbers("count", profile.Misses.Select(miss => miss.Count));
        json.WriteNumbers("kind", profile.Misses.Select(miss => (long)NameNumber(miss.Kind.ToString())));
        json.WriteTexts("page", profile.Misses.Select(miss => Hex(miss.Page)));
        json.WriteTexts("site", profile.Misses.Select(miss => Hex(miss.Site)));
        WritePlace(json, profile.Misses.Select(miss => (miss.Site, miss.Symbol)));
        json.WriteEndObject();
        json.WriteStartObject("invalidations");
        json.WriteNumbers("blocks", profile.Invalidations.Select(one => one.Blocks));
        json.WriteNumbers("count", profile.Invalidations.Select(one => one.Count));
        json.WriteNumbers("cause", profile.Invalidations.Select(one => (long)one.Cause));
        json.WriteTexts("page", profile.Invalidations.Select(one => Hex(one.Page)));
        json.WriteTexts("site", profile.Invalidations.Select(one => one.Site == 0 ? "" : Hex(one.Site)));
        WritePlace(json, profile.Invalidations.Select(one => (one.Site, one.Symbol)));
        json.WriteEndObject();
        json.WriteStartObject("again");
        json.WriteNumbers("count", profile.Retranslations.Select(one => one.Count));
        json.WriteNumbers("time", profile.Retranslations.Select(one => one.Time));
        json.WriteTexts("va", profile.Retranslations.Select(one => Hex(one.VirtualAddress)));
        WritePlace(json, profile.Retranslations.Select(one => (one.VirtualAddress, one.Symbol)));
        json.WriteEndObject();
    }

    private void WriteTimeline(Utf8JsonWriter json)
    {
        var slices = profile.Timeline;
        json.WriteStartObject("timeline");
        json.WriteNumbers("start", slices.Select(slice => slice.Start));
        json.WriteNumbers("length", slices.Select(slice => slice.Length));
        json.WriteStartArray("places");
        for (var place = 0; place < ProfilePlaces.Count; place++)
            WriteColumn(slice => slice.Places[place]);
        json.WriteEndArray();
        json.WriteStartArray("tiers");
        WriteColumn(slice => slice.TierSamples[0]);
        WriteColumn(slice => slice.TierSamples[1]);
        json.WriteEndArray();
        json.WriteNumbers("code", slices.Select(slice => slice.CodeBytes));
        json.WriteNumbers("blocks", slices.Select(slice => slice.Blocks));
        json.WriteNumbers("made", slices.Select(slice => slice.Translated));
        json.WriteNumbers("lost", slices.Select(slice => slice.Removed));
        json.WriteNumbers("exits", slices.Select(slice => slice.Exits));
        json.WriteEndObject();

        void WriteColumn(Func<ProfileSlice, long> value)
        {
            json.WriteStartArray();
            foreach (var slice in slices)
                json.WriteNumberValue(value(slice));
            json.WriteEndArray();
        }
    }

    private void WriteListings(Utf8JsonWriter json)
    {
        var blocks = profile.Blocks.Select((block, index) => (Block: block, Index: index, Samples: block.TotalSamples)).Where(one => one.Block.HostCode.Length > 0)
            .OrderByDescending(one => one.Samples).ThenByDescending(one => one.Block.Entries).Take(Listings);
        json.WriteStartArray("listings");
        foreach (var (block, index, _) in blocks)
        {
            json.WriteStartObject();
            json.WriteNumber("block", index);
            json.WriteStartArray("rows");
            foreach (var row in BlockListing.Of(block))
            {
                json.WriteStartObject();
                json.WriteString("address", Hex(row.Address));
                json.WriteString("word", row.Word is { } word ? $"{word:x8}" : "");
                json.WriteString("text", row.Text);
                json.WriteNumber("samples", row.Samples);
                json.WriteTexts("ir", row.Ir);
                json.WriteStartArray("host");
                foreach (var line in row.Host)
                {
                    json.WriteStartObject();
                    json.WriteNumber("offset", line.Offset);
                    json.WriteString("text", line.Text);
                    json.WriteNumber("samples", line.Samples);
                    json.WriteBoolean("cold", line.IsCold);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
                json.Drain();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Function and offset of addresses, as two columns.</summary>
    private void WritePlace(Utf8JsonWriter json, IEnumerable<(ulong Address, int Symbol)> places)
    {
        json.WriteNumbers("name", places.Select(one => one.Symbol < 0 ? -1L : NameNumber(profile.Symbols[one.Symbol].Name)));
        json.WriteNumbers("offset", places.Select(one => one.Symbol < 0 ? 0 : Math.Clamp((long)(one.Address - profile.Symbols[one.Symbol].Address), 0, uint.MaxValue)));
    }

    private int NameNumber(string name)
    {
        if (!_numbers.TryGetValue(name, out var number))
        {
            number = _names.Count;
            _names.Add(name);
            _numbers.Add(name, number);
        }

        return number;
    }

    private static string Hex(ulong value) => $"{value:x}";
}
