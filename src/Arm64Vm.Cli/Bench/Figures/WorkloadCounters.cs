using System.Collections.Immutable;
using System.Text.Json;
using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Bench.Figures;

/// <summary>What one workload made the emulator do: figures that a busy host does not touch, but for the time. From one run that is not timed.</summary>
/// <param name="Instructions">Guest instructions executed, by whole translation units.</param>
/// <param name="Translated">Guest instructions translated.</param>
/// <param name="CodeBytes">Bytes of host code made for them.</param>
/// <param name="TranslationMilliseconds">Host time spent making it.</param>
/// <param name="Exits">Returns from emitted code, by reason.</param>
internal sealed record WorkloadCounters(long Instructions, long Translated, long CodeBytes, double TranslationMilliseconds, IReadOnlyDictionary<string, long> Exits)
{
    /// <summary>The document's counters of what emitted code was left for without returning to the run loop.</summary>
    private static ImmutableArray<string> InnerExits { get; } = ["memory_exits", "system_exits", "operation_exits", "lookups", "indirect_misses", "links", "fetches"];

    /// <summary>Bytes of host code per guest instruction translated; null: nothing was.</summary>
    public double? BytesPerInstruction => Translated > 0 ? (double)CodeBytes / Translated : null;

    /// <summary>Reads those of a guest's workloads from what <c>boot --stats json</c> printed.</summary>
    /// <returns>By workload; without those that did not run.</returns>
    public static Dictionary<string, WorkloadCounters> Read(string messages, Guest guest)
    {
        var counters = new Dictionary<string, WorkloadCounters>();
        var line = messages.Split('\n').LastOrDefault(line => line.StartsWith('{'));
        if (line is null)
            return counters;
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        if (guest.Spans.Count == 0)
        {
            counters[guest.Name] = Of(root, null);
            return counters;
        }

        var marks = root.GetProperty("marks").EnumerateArray().ToDictionary(mark => mark.GetProperty("text").GetString()!);
        foreach (var span in guest.Spans)
        {
            if (marks.TryGetValue(span.Start, out var start) && marks.TryGetValue(span.End, out var end))
                counters[span.Workload] = Of(end, start);
        }

        return counters;
    }

    /// <summary>Without what another run did.</summary>
    public WorkloadCounters Minus(WorkloadCounters other)
    {
        var exits = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var (reason, count) in Exits)
        {
            if (count - other.Exits.GetValueOrDefault(reason) is > 0 and var rest)
                exits[reason] = rest;
        }

        return new WorkloadCounters(
            Math.Max(0, Instructions - other.Instructions), Math.Max(0, Translated - other.Translated), Math.Max(0, CodeBytes - other.CodeBytes),
            Math.Max(0, TranslationMilliseconds - other.TranslationMilliseconds), exits);
    }

    private static WorkloadCounters Of(JsonElement end, JsonElement? start)
    {
        var exits = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var exit in end.GetProperty("exits").EnumerateObject())
            Add(exit.Name, exit.Value.GetInt64() - (start is { } from && from.GetProperty("exits").TryGetProperty(exit.Name, out var value) ? value.GetInt64() : 0));
        foreach (var name in InnerExits)
            Add(name, Difference(name));
        return new WorkloadCounters(Difference("instructions"), Difference("instructions_translated"), Difference("code_bytes"), Difference("translation_microseconds") / 1e3, exits);

        void Add(string name, long count)
        {
            if (count != 0)
                exits[name] = count;
        }

        long Difference(string name) => Value(end, name) - (start is { } from ? Value(from, name) : 0);
    }

    private static long Value(JsonElement counters, string name) => counters.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
}
