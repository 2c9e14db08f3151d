using System.Diagnostics;

namespace Arm64Vm.Scheduling;

/// <summary>The scheduler's time.</summary>
internal interface ISchedulerClock
{
    /// <summary>Nanoseconds since some moment. Monotonic; any thread.</summary>
    ulong Nanoseconds { get; }
}

/// <summary>The host's monotonic clock.</summary>
internal sealed class HostClock : ISchedulerClock
{
    /// <inheritdoc/>
    public ulong Nanoseconds
    {
        get
        {
            var ticks = Stopwatch.GetTimestamp();
            return Stopwatch.Frequency == 1_000_000_000 ? (ulong)ticks : (ulong)((Int128)ticks * 1_000_000_000 / Stopwatch.Frequency);
        }
    }
}
