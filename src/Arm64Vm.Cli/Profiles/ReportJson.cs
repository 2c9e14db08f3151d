using System.Text;
using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>What <see cref="ReportText"/> says, as a JSON document.</summary>
internal static class ReportJson
{
    public static void Write(Profile profile, int lines, TextWriter output)
    {
        var functions = FunctionTable.Of(profile);
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            WriteInfo(json, profile);
            json.WriteNumber("samples", functions.Samples);
            json.WriteStartObject("wall_ns");
            for (var i = 0; i < ProfilePlaces.Count; i++)
                json.WriteNumber(ProfilePlaces.Name((ProfilePlace)i).Replace(' ', '_'), profile.Places[i]);
            json.WriteEndObject();
            WriteArray(json, "functions", functions.Functions.Take(lines), row =>
            {
                json.WriteString("name", row.Name);
                json.WriteString("module", row.Module);
                json.WriteNumber("self", row.Self);
                json.WriteNumber("total", row.Total);
                json.WriteNumber("emitted", row.Emitted);
            });
            foreach (var (name, rows) in new[] { ("modules", functions.Modules), ("processes", functions.Processes) })
            {
                WriteArray(json, name, rows.Take(lines), row =>
                {
                    json.WriteString("name", row.Name);
                    json.WriteNumber("samples", row.Samples);
                });
            }

            WriteBlocks(json, profile, lines);
            WritePages(json, profile, lines);
            WriteCounts(json, profile, lines);
            ReportRates.Write(profile, json);
            json.WriteStartObject("counters");
            foreach (var (name, value) in profile.Counters)
                json.WriteNumber(name.Replace(' ', '_'), value);
            json.WriteEndObject();
            json.WriteStartArray("findings");
            foreach (var finding in Findings.Of(profile, functions))
                json.WriteStringValue(finding);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }

    private static void WriteInfo(Utf8JsonWriter json, Profile profile)
    {
        var info = profile.Info;
        json.WriteString("version", info.Version);
        json.WriteString("host", info.Host);
        json.WriteString("guest", info.Guest);
        json.WriteString("backend", info.Backend);
        json.WriteString("start", info.Start);
        json.WriteNumber("duration_ns", info.Duration);
        json.WriteNumber("interval_ns", info.SampleInterval);
        json.WriteNumber("processors", info.Processors);
        json.WriteBoolean("exact", info.IsExact);
        json.WriteNumber("dropped_samples", info.DroppedSamples);
    }

    private static void WriteBlocks(Utf8JsonWriter json, Profile profile, int lines)
    {
        var blocks = profile.Blocks.Select(block => (Block: block, Samples: block.TotalSamples)).OrderByDescending(one => one.Samples).ThenByDescending(one => one.Block.Entries).Take(lines);
        WriteArray(json, "blocks", blocks, one =>
        {
            json.WriteString("address", Hex(one.Block.VirtualAddress));
            json.WriteString("physical", Hex(one.Block.PhysicalAddress));
            json.WriteNumber("el", one.Block.ExceptionLevel);
            WriteSymbol(json, profile, one.Block.Symbol);
            json.WriteNumber("samples", one.Samples);
            json.WriteNumber("entries", one.Block.Entries);
            json.WriteNumber("guest_instructions", one.Block.GuestInstructions);
            json.WriteNumber("ir_instructions", one.Block.IrInstructions);
            json.WriteNumber("host_bytes", one.Block.HostSize);
            json.WriteNumber("hot_bytes", one.Block.HotSize);
            json.WriteNumber("spills", one.Block.Costs.Spills);
            json.WriteNumber("flag_stores", one.Block.Costs.FlagStores);
            json.WriteNumber("returns", one.Block.Costs.Returns);
            json.WriteNumber("returns_not_predicted", one.Block.Costs.ReturnMisses);
            json.WriteNumber("translation_ns", one.Block.TranslationTime);
            json.WriteString("lost", one.Block.RemovalCause.ToString());
        });
    }

    private static void WritePages(Utf8JsonWriter json, Profile profile, int lines) =>
        WriteArray(json, "pages", CodePage.Of(profile).OrderByDescending(page => page.Samples).ThenByDescending(page => page.Again).Take(lines), page =>
        {
            json.WriteString("physical", Hex(page.Address));
            json.WriteString("symbol", page.Name);
            json.WriteNumber("samples", page.Samples);
            json.WriteNumber("blocks", page.Blocks);
            json.WriteNumber("host_bytes", page.Bytes);
            json.WriteNumber("lost", page.Lost);
            json.WriteNumber("made_again", page.Again);
        });

    private static void WriteCounts(Utf8JsonWriter json, Profile profile, int lines)
    {
        WriteArray(json, "exits", profile.Exits.Take(lines), exit =>
        {
            json.WriteString("reason", exit.Reason);
            json.WriteString("site", Hex(exit.Site));
            WriteSymbol(json, profile, exit.Symbol);
            json.WriteNumber("count", exit.Count);
        });
        WriteArray(json, "misses", profile.Misses.Take(lines), miss =>
        {
            json.WriteString("kind", miss.Kind.ToString());
            json.WriteString("page", Hex(miss.Page));
            json.WriteString("site", Hex(miss.Site));
            WriteSymbol(json, profile, miss.Symbol);
            json.WriteNumber("count", miss.Count);
        });
        WriteArray(json, "invalidations", profile.Invalidations.Take(lines), one =>
        {
            json.WriteString("cause", one.Cause.ToString());
            json.WriteString("page", Hex(one.Page));
            json.WriteString("site", Hex(one.Site));
            WriteSymbol(json, profile, one.Symbol);
            json.WriteNumber("count", one.Count);
            json.WriteNumber("blocks", one.Blocks);
        });
        WriteArray(json, "retranslations", profile.Retranslations.Take(lines), one =>
        {
            json.WriteString("address", Hex(one.VirtualAddress));
            json.WriteString("physical", Hex(one.PhysicalAddress));
            WriteSymbol(json, profile, one.Symbol);
            json.WriteNumber("count", one.Count);
            json.WriteNumber("time_ns", one.Time);
        });
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, IEnumerable<T> rows, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            write(row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSymbol(Utf8JsonWriter json, Profile profile, int symbol)
    {
        if (symbol >= 0)
            json.WriteString("symbol", profile.Symbols[symbol].Name);
        else
            json.WriteNull("symbol");
    }

    private static string Hex(ulong value) => $"0x{value:x}";
}
