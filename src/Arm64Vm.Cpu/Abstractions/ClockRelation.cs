namespace Arm64Vm.Cpu;

/// <summary>A counter of the host that runs at a constant rate, is the same on all its processors, and costs a few nanoseconds to read.</summary>
internal interface IHostTimestamp
{
    /// <summary>The count now, ordered after everything that this thread did before.</summary>
    ulong Read();
}

/// <summary>How the host's timestamp gives a clock's time, for code that reads it without asking the clock.</summary>
/// <param name="Source">The timestamp.</param>
/// <param name="Timestamp">A count in the past.</param>
/// <param name="Nanoseconds">The clock's time at that count.</param>
/// <param name="Multiplier">Nanoseconds per count, times 2^64: the counter runs at more than 1 GHz.</param>
internal sealed record ClockRelation(IHostTimestamp Source, ulong Timestamp, ulong Nanoseconds, ulong Multiplier)
{
    /// <summary>Moves when the clock stood still or was set: relations of different eras do not continue each other.</summary>
    public int Era { get; init; }

    /// <summary>The clock's time now.</summary>
    public ulong Now => At(Source.Read());

    /// <summary>The clock's time at a count, not before <see cref="Timestamp"/>.</summary>
    public ulong At(ulong timestamp) => Nanoseconds + Math.BigMul(timestamp - Timestamp, Multiplier, out _);
}
