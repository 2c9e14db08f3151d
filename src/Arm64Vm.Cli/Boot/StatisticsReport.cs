using System.Globalization;
using System.Text;
using System.Text.Json;
using Arm64Vm.Cpu;
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
    /// <param name="statistics">The counters at the end.</param>
    /// <param name="marks">The counters when certain texts were printed.</param>
    /// <param name="format">How to print them.</param>
    /// <param name="output">Gets them.</param>
    public static void Write(MachineStatistics statistics, IReadOnlyList<StatisticsMark> marks, StatisticsFormat format, TextWriter output)
    {
        if (format == StatisticsFormat.Text)
            WriteText(statistics, marks, output);
        else if (format == StatisticsFormat.Json)
            output.WriteLine(ToJson(statistics, marks));
    }

    private static void WriteText(MachineStatistics statistics, IReadOnlyList<StatisticsMark> marks, TextWriter output)
    {
        foreach (var (text, at) in marks)
        {
            var executed = at.Instructions is { } count ? string.Create(CultureInfo.InvariantCulture, $", {count:N0} instructions") : "";
            var made = at.Translation is { } t ? string.Create(CultureInfo.InvariantCulture, $", {t.GuestInstructions:N0} translated in {t.Units:N0} blocks") : "";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"at \"{Application.OneLine(text)}\": {at.Elapsed.TotalSeconds:0.000} s{executed}{made}"));
        }

        foreach (var phase in statistics.Phases)
            WritePhase(phase, output);
        Line(output, "wall time", statistics.Elapsed.TotalSeconds.ToString("0.000 s", CultureInfo.InvariantCulture));
        foreach (var (name, value) in Counters(statistics))
            Line(output, name.Replace('_', ' '), value.ToString("N0", CultureInfo.InvariantCulture));
        foreach (var (reason, count) in statistics.Exits)
            Line(output, "exits " + reason, count.ToString("N0", CultureInfo.InvariantCulture));
        if (statistics.Processors.Count < 2)
            return;
        foreach (var one in statistics.Processors)
        {
            var exits = one.Exits.Aggregate(0UL, (sum, exit) => sum + exit.Count);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cpu{one.Index,-4}{Name(one.Power),-12}{one.Interrupts,12:N0} interrupts {exits,15:N0} exits"));
        }
    }

    private static string Name(ProcessorPower power) => power switch
    {
        ProcessorPower.On => "on",
        ProcessorPower.Off => "off",
        _ => "on-pending",
    };

    /// <summary>One line: name, time, instructions executed and translated, blocks translated, exits by reason.</summary>
    private static void WritePhase(BootPhase phase, TextWriter output)
    {
        var invariant = CultureInfo.InvariantCulture;
        var executed = phase.Instructions is { } count ? string.Create(invariant, $"{count,15:N0} instructions, ") : "";
        var exits = string.Join(", ", phase.Exits.OrderByDescending(exit => exit.Count).Select(exit => string.Create(invariant, $"{exit.Reason} {exit.Count:N0}")));
        output.WriteLine(string.Create(invariant, $"{phase.Name,-10}{phase.Duration.TotalSeconds,9:0.000} s  {executed}{phase.InstructionsTranslated,10:N0} translated in {phase.UnitsTranslated,8:N0} blocks; exits: {exits}"));
    }

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-32}{value,16}");

    private static IEnumerable<(string Name, long Value)> Counters(MachineStatistics statistics)
    {
        yield return ("resets", statistics.Resets);
        yield return ("interrupts", (long)statistics.Interrupts);
        if (statistics.Instructions is { } executed)
            yield return ("instructions", (long)executed);
        if (statistics.IdleReleases > 0)
        {
            yield return ("idle_releases", statistics.IdleReleases);
            yield return ("idle_bytes_released", statistics.IdleBytesReleased);
        }

        if (statistics.Translation is not { } t)
            yield break;
        yield return ("units_translated", t.Units);
        yield return ("instructions_translated", t.GuestInstructions);
        yield return ("code_bytes", t.CodeBytes);
        if (t.LoadedUnits > 0)
        {
            yield return ("units_loaded", t.LoadedUnits);
            yield return ("instructions_loaded", t.LoadedInstructions);
            yield return ("code_bytes_loaded", t.LoadedBytes);
        }

        if (t.Time > TimeSpan.Zero)
            yield return ("translation_microseconds", (long)t.Time.TotalMicroseconds);
        yield return ("units_invalidated", t.Invalidated);
        yield return ("units_evicted", t.Evicted);
        yield return ("cache_flushes", t.Flushes);
        yield return ("links", t.Links);
        yield return ("lookups", t.Lookups);
        yield return ("indirect_misses", t.IndirectMisses);
        yield return ("fetches", t.Fetches);
        yield return ("memory_exits", t.MemoryExits);
        yield return ("system_exits", t.SystemExits);
        yield return ("operation_exits", t.PureExits);
        yield return ("faults", t.Faults);
    }

    private static void WriteExits(Utf8JsonWriter json, IReadOnlyList<(string Reason, ulong Count)> exits)
    {
        json.WriteStartObject("exits");
        foreach (var (reason, count) in exits)
            json.WriteNumber(reason, count);
        json.WriteEndObject();
    }

    private static void WriteCounters(Utf8JsonWriter json, MachineStatistics statistics)
    {
        json.WriteNumber("seconds", Math.Round(statistics.Elapsed.TotalSeconds, 6));
        foreach (var (name, value) in Counters(statistics))
            json.WriteNumber(name, value);
        WriteExits(json, statistics.Exits);
    }

    private static void WritePhase(Utf8JsonWriter json, BootPhase phase)
    {
        json.WriteStartObject();
        json.WriteString("name", phase.Name);
        json.WriteNumber("start", Math.Round(phase.Start.TotalSeconds, 6));
        json.WriteNumber("seconds", Math.Round(phase.Duration.TotalSeconds, 6));
        if (phase.Instructions is { } executed)
            json.WriteNumber("instructions", executed);
        json.WriteNumber("instructions_translated", phase.InstructionsTranslated);
        json.WriteNumber("units_translated", phase.UnitsTranslated);
        WriteExits(json, phase.Exits);
        json.WriteEndObject();
    }

    private static string ToJson(MachineStatistics statistics, IReadOnlyList<StatisticsMark> marks)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteCounters(json, statistics);
            json.WriteStartArray("phases");
            foreach (var phase in statistics.Phases)
                WritePhase(json, phase);
            json.WriteEndArray();
            json.WriteStartArray("marks");
            foreach (var (text, at) in marks)
            {
                json.WriteStartObject();
                json.WriteString("text", text);
                WriteCounters(json, at);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("processors");
            foreach (var one in statistics.Processors)
            {
                json.WriteStartObject();
                json.WriteNumber("index", one.Index);
                json.WriteString("power", Name(one.Power));
                json.WriteNumber("interrupts", one.Interrupts);
                WriteExits(json, one.Exits);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
