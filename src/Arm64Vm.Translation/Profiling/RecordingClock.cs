using System.Diagnostics;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Translation.Profiling;

/// <summary>When something happened, noted quickly: by the host's time-stamp counter where it can be used. At the end notes are made ticks of <see cref="Stopwatch"/>.</summary>
/// <remarks>A translation takes two notes, and asking the host's library each time would take one percent of a boot.</remarks>
internal sealed class RecordingClock
{
    private readonly TimestampCounter? _counter;
    private readonly long _firstTicks = Stopwatch.GetTimestamp();
    private readonly long _firstNote;
    private double _ticksPerNote = 1;

    /// <param name="counter">Of the host; null: it has none. It outlives this.</param>
    public RecordingClock(TimestampCounter? counter)
    {
        _counter = counter;
        _firstNote = Now;
    }

    /// <summary>A note; never 0.</summary>
    public long Now => _counter is { } counter ? (long)counter.Read() : Stopwatch.GetTimestamp();

    /// <summary>No more notes are made: how long was one of the counter's steps?</summary>
    public void Settle()
    {
        // The clock first: should the thread be interrupted in between, notes become early ones, which nothing minds, and not late ones.
        long ticks = Stopwatch.GetTimestamp() - _firstTicks;
        if (_counter is not null && Now - _firstNote is > 0 and var passed)
            _ticksPerNote = ticks / (double)passed;
    }

    /// <summary>Ticks of the monotonic clock at a note, after <see cref="Settle"/>.</summary>
    public long TicksAt(long note) => _counter is null ? note : _firstTicks + TicksBetween(note - _firstNote);

    /// <summary>Ticks between two notes, after <see cref="Settle"/>.</summary>
    public long TicksBetween(long difference) => _counter is null ? difference : (long)(difference * _ticksPerNote);
}
