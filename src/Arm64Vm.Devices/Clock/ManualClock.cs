using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Clock;

/// <summary>Time that moves only when it is told to: deterministic runs and tests.</summary>
/// <remarks>Callbacks run on the thread that calls <see cref="Advance"/>, in order of their deadlines, each at its own time.</remarks>
internal sealed class ManualClock : IVirtualClock
{
    private readonly Lock _gate = new();
    private readonly TimerHeap _heap = new();
    private readonly ulong _unixSecondsAtStart;
    private ulong _now;

    /// <param name="unixSecondsAtStart">Wall-clock time at nanosecond 0.</param>
    public ManualClock(ulong unixSecondsAtStart = 1_700_000_000) => _unixSecondsAtStart = unixSecondsAtStart;

    /// <inheritdoc/>
    public ulong Nanoseconds => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public ulong UnixSeconds => _unixSecondsAtStart + Nanoseconds / 1_000_000_000;

    /// <summary>The earliest armed deadline, or null when no timer is armed.</summary>
    public ulong? NextDeadline
    {
        get
        {
            lock (_gate)
                return _heap.First?.Deadline;
        }
    }

    /// <summary>Moves time forward and runs every timer whose deadline is reached, also those armed by callbacks.</summary>
    public void Advance(ulong nanoseconds)
    {
        var end = Nanoseconds + nanoseconds;
        while (true)
        {
            Action expired;
            lock (_gate)
            {
                var first = _heap.First;
                if (first is null || first.Deadline > end)
                {
                    Volatile.Write(ref _now, end);
                    return;
                }

                if (first.Deadline > _now)
                    Volatile.Write(ref _now, first.Deadline);
                _heap.Remove(first);
                expired = first.Expired;
            }

            expired();
        }
    }

    /// <inheritdoc/>
    public IVirtualTimer CreateTimer(Action expired) => new Timer(this, expired);

    private sealed class Timer(ManualClock clock, Action expired) : HeapTimer(expired), IVirtualTimer
    {
        public void Arm(ulong deadlineNanoseconds)
        {
            lock (clock._gate)
                clock._heap.Set(this, deadlineNanoseconds);
        }

        public void Disarm()
        {
            lock (clock._gate)
                clock._heap.Remove(this);
        }

        public void Dispose() => Disarm();
    }
}
