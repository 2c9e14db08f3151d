using System.Diagnostics;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Nanoseconds since a recording began, from ticks of the host's clock and of its time-stamp counter.</summary>
internal sealed class HostTime : IDisposable
{
    private readonly TimestampCounter? _counter;
    private readonly ulong _stamp;

    public HostTime(HostFeatures features)
    {
        _counter = TimestampCounter.TryCreate(features);
        _stamp = _counter?.Read() ?? 0;
    }

    /// <summary>The host's time-stamp counter; null: it has none that can be used.</summary>
    public TimestampCounter? Counter => _counter;

    /// <summary>Ticks of <see cref="Stopwatch"/> when the recording began.</summary>
    public long Start { get; } = Stopwatch.GetTimestamp();

    public long Now => OfTicks(Stopwatch.GetTimestamp());

    public long OfTicks(long ticks) => (long)(Stopwatch.GetElapsedTime(Start, ticks).Ticks * (double)TimeSpan.NanosecondsPerTick);

    /// <summary>Of a time-stamp up to now, by the rate since the start.</summary>
    public long OfStamp(ulong stamp)
    {
        var now = Now;
        if (_counter is null)
            return now;
        var passed = _counter.Read() - _stamp;
        return passed == 0 ? now : (long)(now * ((double)(stamp - _stamp) / passed));
    }

    public static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    public void Dispose() => _counter?.Dispose();
}
