using System.Text.Json;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>What a process's machines did between two answers.</summary>
/// <param name="Process">Its number.</param>
/// <param name="Workers">Host threads that run processors.</param>
/// <param name="Waiting">Processors that waited for one.</param>
/// <param name="Machines">Each machine.</param>
internal sealed record StatusSample(int Process, int Workers, int Waiting, IReadOnlyList<MachineSample> Machines)
{
    /// <param name="before">The earlier answer; null: since the machines were made, without rates.</param>
    /// <param name="now">The later answer.</param>
    public static StatusSample Between(JsonElement? before, JsonElement now)
    {
        var seconds = before is { } earlier ? (now.GetProperty("time_ns").GetUInt64() - earlier.GetProperty("time_ns").GetUInt64()) / 1e9 : 0;
        var old = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (before is { } first)
        {
            foreach (var machine in first.GetProperty("machines").EnumerateArray())
                old[machine.GetProperty("name").GetString()!] = machine;
        }

        return new StatusSample(
            now.GetProperty("process").GetInt32(),
            now.GetProperty("workers").GetInt32(),
            now.GetProperty("waiting").GetInt32(),
            [.. now.GetProperty("machines").EnumerateArray().Select(machine => MachineSample.Between(old.TryGetValue(machine.GetProperty("name").GetString()!, out var same) ? same : null, machine, seconds))]);
    }
}

/// <summary>What a machine did.</summary>
/// <param name="Share">Of one host processor, 1 for all of it.</param>
internal sealed record MachineSample(string Name, string State, int Weight, int Cap, double Share, IReadOnlyList<ProcessorSample> Processors)
{
    /// <summary>Null where it has none.</summary>
    public CacheSample? Cache { get; init; }

    /// <summary>Bytes of the host's memory that it has given back, being idle; 0 also where a process of an older version answers.</summary>
    public long IdleBytesReleased { get; init; }

    public static MachineSample Between(JsonElement? before, JsonElement now, double seconds)
    {
        var old = before?.GetProperty("processors").EnumerateArray().ToArray() ?? [];
        return new MachineSample(
            now.GetProperty("name").GetString()!,
            now.GetProperty("state").GetString()!,
            now.GetProperty("weight").GetInt32(),
            now.GetProperty("cap").GetInt32(),
            ProcessorSample.ShareOf(before, now, seconds),
            [.. now.GetProperty("processors").EnumerateArray().Select((processor, i) => ProcessorSample.Between(i < old.Length ? old[i] : null, processor, seconds))])
        {
            Cache = CacheSample.Between(before, now, seconds),
            IdleBytesReleased = now.TryGetProperty("idle_bytes_released", out var released) ? released.GetInt64() : 0,
        };
    }
}

/// <summary>What a virtual processor did.</summary>
/// <param name="Exits">Returns from guest code per second, the most frequent first.</param>
internal sealed record ProcessorSample(int Index, string State, double Share, IReadOnlyList<(string Reason, double Rate)> Exits)
{
    public static ProcessorSample Between(JsonElement? before, JsonElement now, double seconds)
    {
        var exits = new List<(string Reason, double Rate)>();
        foreach (var exit in now.GetProperty("exits").EnumerateObject())
        {
            ulong old = 0;
            if (before is { } earlier && earlier.GetProperty("exits").TryGetProperty(exit.Name, out var value))
                old = value.GetUInt64();

            // A reset starts again at zero.
            var count = exit.Value.GetUInt64();
            if (seconds > 0 && count > old)
                exits.Add((exit.Name, (count - old) / seconds));
        }

        exits.Sort((a, b) => b.Rate.CompareTo(a.Rate));
        return new ProcessorSample(now.GetProperty("index").GetInt32(), now.GetProperty("state").GetString()!, ShareOf(before, now, seconds), exits);
    }

    public static double ShareOf(JsonElement? before, JsonElement now, double seconds)
    {
        if (seconds <= 0)
            return 0;
        var ran = now.GetProperty("run_ns").GetInt64() - (before?.GetProperty("run_ns").GetInt64() ?? 0);
        return Math.Max(0, ran / 1e9 / seconds);
    }
}
