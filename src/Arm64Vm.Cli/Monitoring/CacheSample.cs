using System.Text.Json;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>What a machine's translation cache holds, and what it made and lost per second between two answers.</summary>
/// <param name="LiveUnits">Units that can be reached.</param>
/// <param name="LiveBytes">Bytes of their code.</param>
/// <param name="TableBytes">Bytes of the tables by which code is found, linked and dropped.</param>
/// <param name="Capacity">Bytes of code and tables that it may hold, as of now.</param>
/// <param name="Flushes">Times that everything was dropped, since the last reset.</param>
/// <param name="Made">Units made per second.</param>
/// <param name="Written">Units dropped per second because their guest code was written.</param>
/// <param name="Evicted">Units dropped per second for room.</param>
/// <param name="Links">Jumps linked per second.</param>
/// <param name="Fetches">Times per second that a processor was asked what a page of code is.</param>
internal sealed record CacheSample(long LiveUnits, long LiveBytes, long TableBytes, long Capacity, long Flushes, double Made, double Written, double Evicted, double Links, double Fetches)
{
    /// <summary>Null where the machine has none.</summary>
    public static CacheSample? Between(JsonElement? before, JsonElement now, double seconds)
    {
        if (!now.TryGetProperty("cache", out var cache))
            return null;
        var old = before is { } machine && machine.TryGetProperty("cache", out var earlier) ? earlier : (JsonElement?)null;
        return new CacheSample(Value("live_units"), Value("live_bytes"), Value("table_bytes"), Value("capacity"), Value("flushes"), Rate("made"), Rate("written"), Rate("evicted"), Rate("links"), Rate("fetches"));

        long Value(string name) => cache.GetProperty(name).GetInt64();

        // A reset starts again at zero.
        double Rate(string name) => seconds > 0 ? Math.Max(0, Value(name) - (old?.GetProperty(name).GetInt64() ?? 0)) / seconds : 0;
    }
}
