using System.Globalization;
using System.Text;
using System.Text.Json;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>How <c>--stats</c> prints.</summary>
internal enum StatisticsFormat
{
    None,
    Text,
    Json,
}

/// <summary>Prints a machine's counters.</summary>
internal static class StatisticsReport
{
    public static void Write(MachineStatistics statistics, StatisticsFormat format, TextWriter output)
    {
        if (format == StatisticsFormat.Text)
            WriteText(statistics, output);
        else if (format == StatisticsFormat.Json)
            output.WriteLine(ToJson(statistics));
    }

    private static void WriteText(MachineStatistics statistics, TextWriter output)
    {
        Line(output, "wall time", statistics.Elapsed.TotalSeconds.ToString("0.000 s", CultureInfo.InvariantCulture));
        foreach (var (name, value) in Counters(statistics))
            Line(output, name.Replace('_', ' '), value.ToString("N0", CultureInfo.InvariantCulture));
        foreach (var (reason, count) in statistics.Exits)
            Line(output, "exits " + reason, count.ToString("N0", CultureInfo.InvariantCulture));
    }

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-32}{value,16}");

    private static IEnumerable<(string Name, long Value)> Counters(MachineStatistics statistics)
    {
        yield return ("resets", statistics.Resets);
        yield return ("interrupts", (long)statistics.Interrupts);
        if (statistics.Translation is not { } t)
            yield break;
        yield return ("units_translated", t.Units);
        yield return ("instructions_translated", t.GuestInstructions);
        yield return ("code_bytes", t.CodeBytes);
        yield return ("units_invalidated", t.Invalidated);
        yield return ("units_evicted", t.Evicted);
        yield return ("cache_flushes", t.Flushes);
        yield return ("links", t.Links);
        yield return ("lookups", t.Lookups);
        yield return ("indirect_misses", t.IndirectMisses);
        yield return ("memory_exits", t.MemoryExits);
        yield return ("system_exits", t.SystemExits);
        yield return ("operation_exits", t.PureExits);
        yield return ("faults", t.Faults);
    }

    private static string ToJson(MachineStatistics statistics)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("seconds", Math.Round(statistics.Elapsed.TotalSeconds, 6));
            foreach (var (name, value) in Counters(statistics))
                json.WriteNumber(name, value);
            json.WriteStartObject("exits");
            foreach (var (reason, count) in statistics.Exits)
                json.WriteNumber(reason, count);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
