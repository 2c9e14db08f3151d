using System.Diagnostics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Clock;

/// <summary>What a snapshot keeps of a <see cref="SystemClock"/>.</summary>
/// <param name="Nanoseconds">Virtual time when it was saved.</param>
internal sealed record SystemClockState(ulong Nanoseconds);

/// <summary>Time of the host, stopped while the machine is paused.</summary>
/// <remarks>
/// A <see cref="ClockThread"/>, its own or one that several clocks share, calls it at the earliest deadline. Arming later than that deadline,
/// the common case of a guest that reprograms its tick, is not told to it: it finds the new deadline when it looks. Arming allocates nothing.
/// With a host timestamp, time is at first the host's monotonic clock and, once their ratio is known well enough, the timestamp,
/// steered after the monotonic clock from then on (<see cref="TimestampRate"/>).
/// </remarks>
internal sealed class SystemClock : IVirtualClock, IStateful<SystemClockState>, IDisposable
{
    private const long Running = -1;

    /// <summary>Nanoseconds. Measurements of the rate that are far off come at multiples of this of the host's time, so that one wake-up of the thread serves the clocks of many machines.</summary>
    private const ulong RateGrid = 250_000_000;

    private readonly Lock _gate = new();
    private readonly TimerHeap _heap = new();
    private readonly ClockThread _thread;
    private readonly bool _ownsThread;
    private readonly Look _look;
    private readonly long _wallClockOffsetSeconds;

    /// <summary>Host time at virtual time 0, shifted by every pause.</summary>
    private long _origin = HostNanoseconds();

    /// <summary>The virtual time of a paused clock, or <see cref="Running"/>.</summary>
    private long _pausedAt;

    /// <summary>When the thread looks by itself; 0 while it is looking and will see the heap.</summary>
    private ulong _wakesAt;

    private bool _disposed;

    /// <summary>Null: the host has no timestamp to follow.</summary>
    private readonly TimestampRate? _rate;

    /// <summary>What time is while it runs; null: the monotonic clock.</summary>
    private ClockRelation? _relation;

    /// <param name="startPaused">True: time stands at 0 until <see cref="Resume"/>.</param>
    /// <param name="wallClockOffsetSeconds">Added to the host's wall clock.</param>
    /// <param name="timestamp">A counter of the host to take time from; null: the host's monotonic clock only.</param>
    /// <param name="thread">Runs the callbacks; null: a thread of its own.</param>
    public SystemClock(bool startPaused = false, long wallClockOffsetSeconds = 0, IHostTimestamp? timestamp = null, ClockThread? thread = null)
    {
        _wallClockOffsetSeconds = wallClockOffsetSeconds;
        _pausedAt = startPaused ? 0 : Running;
        _rate = timestamp is null ? null : new TimestampRate(timestamp, HostNanoseconds);
        if (!startPaused)
            _rate?.Start();
        _ownsThread = thread is null;
        _thread = thread ?? new ClockThread();
        _look = new Look(Run);
        LookNow();
    }

    /// <inheritdoc/>
    public ulong Nanoseconds
    {
        get
        {
            var paused = Volatile.Read(ref _pausedAt);
            if (paused != Running)
                return (ulong)paused;
            return Volatile.Read(ref _relation) is { } relation ? relation.Now : (ulong)(HostNanoseconds() - Volatile.Read(ref _origin));
        }
    }

    /// <inheritdoc/>
    public ClockRelation? Relation => IsPaused ? null : Volatile.Read(ref _relation);

    /// <inheritdoc/>
    public ulong UnixSeconds => (ulong)(DateTimeOffset.UtcNow.ToUnixTimeSeconds() + _wallClockOffsetSeconds);

    /// <summary>True while time stands still.</summary>
    public bool IsPaused => Volatile.Read(ref _pausedAt) != Running;

    /// <summary>Stops time; timers do not fire until <see cref="Resume"/>. No effect on a paused clock.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            if (_pausedAt == Running)
                Volatile.Write(ref _pausedAt, (long)Nanoseconds);
        }
    }

    /// <summary>Lets time go on where it stopped. No effect on a running clock.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            if (_pausedAt == Running)
                return;
            SetTime(_pausedAt);
            Volatile.Write(ref _pausedAt, Running);
            LookNow();
        }
    }

    /// <inheritdoc/>
    public IVirtualTimer CreateTimer(Action expired) => new Timer(this, expired);

    /// <inheritdoc/>
    public SystemClockState Save() => new(Nanoseconds);

    /// <inheritdoc/>
    public void Restore(SystemClockState state)
    {
        lock (_gate)
        {
            if (_pausedAt == Running)
                SetTime((long)state.Nanoseconds);
            else
                Volatile.Write(ref _pausedAt, (long)state.Nanoseconds);
            LookNow();
        }
    }

    /// <summary>Callbacks do not run afterwards. Not to be called from a callback.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }

        _thread.Remove(_look);
        if (_ownsThread)
            _thread.Dispose();
    }

    /// <summary>Makes the time now <paramref name="nanoseconds"/>.</summary>
    private void SetTime(long nanoseconds)
    {
        Volatile.Write(ref _origin, HostNanoseconds() - nanoseconds);
        if (_rate is null)
            return;
        if (_relation is { } relation)
            Volatile.Write(ref _relation, TimestampRate.Rebase(relation, (ulong)nanoseconds));
        _rate.Start();
    }

    internal static long HostNanoseconds()
    {
        var ticks = Stopwatch.GetTimestamp();
        return Stopwatch.Frequency == 1_000_000_000 ? ticks : (long)((Int128)ticks * 1_000_000_000 / Stopwatch.Frequency);
    }

    /// <summary>Runs what has expired and says when to look again. The thread's.</summary>
    private void Run()
    {
        while (true)
        {
            Action? expired = null;
            var sleep = ClockSleeper.Forever;
            lock (_gate)
            {
                if (_disposed)
                    return;
                _wakesAt = ulong.MaxValue;
                if (_pausedAt == Running && _rate is not null)
                {
                    if (_rate.TryUpdate(_origin, _relation, out var relation))
                        Volatile.Write(ref _relation, relation);
                    sleep = OnGrid(_rate.UntilNext);
                    _wakesAt = sleep == ClockSleeper.Forever ? ulong.MaxValue : Nanoseconds + sleep;
                }

                if (_pausedAt == Running && _heap.First is { } first)
                {
                    var now = Nanoseconds;
                    if (first.Deadline <= now)
                    {
                        _heap.Remove(first);
                        expired = first.Expired;
                        _wakesAt = 0;
                    }
                    else if (first.Deadline < _wakesAt)
                    {
                        _wakesAt = first.Deadline;
                        sleep = first.Deadline - now;
                    }
                }

                if (expired is null)
                {
                    if (sleep != ClockSleeper.Forever)
                        LookAfter(sleep);
                    return;
                }
            }

            expired();
        }
    }

    private void Arm(Timer timer, ulong deadline)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _heap.Set(timer, deadline);
            if (deadline >= _wakesAt)
                return;
            if (_pausedAt != Running)
                return;
            _wakesAt = deadline;
            LookAfter(deadline - Math.Min(deadline, Nanoseconds));
        }
    }

    private void LookAfter(ulong nanoseconds)
    {
        const ulong Longest = long.MaxValue / 2;
        _thread.Set(_look, (ulong)HostNanoseconds() + Math.Min(nanoseconds, Longest));
    }

    private static ulong OnGrid(ulong sleep)
    {
        if (sleep < 4 * RateGrid || sleep == ClockSleeper.Forever)
            return sleep;
        var past = ((ulong)HostNanoseconds() + sleep) % RateGrid;
        return past == 0 ? sleep : sleep + (RateGrid - past);
    }

    private void LookNow()
    {
        if (!_disposed)
            _thread.Set(_look, 0);
    }

    private void Disarm(Timer timer)
    {
        lock (_gate)
            _heap.Remove(timer);
    }

    private sealed class Look(Action expired) : HeapTimer(expired);

    private sealed class Timer(SystemClock clock, Action expired) : HeapTimer(expired), IVirtualTimer
    {
        public void Arm(ulong deadlineNanoseconds) => clock.Arm(this, deadlineNanoseconds);

        public void Disarm() => clock.Disarm(this);

        public void Dispose() => Disarm();
    }
}
