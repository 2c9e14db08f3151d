namespace Arm64Vm.Devices.Clock;

/// <summary>The thread that any number of <see cref="SystemClock"/>s share: sleeps until the first of them has something to do.</summary>
/// <remarks>
/// Clocks are kept by the host time of their next look, so a guest that arms a timer later than its first one costs no wake-up.
/// Order of locks: a clock's, then this one's; callbacks of timers run without either.
/// </remarks>
internal sealed class ClockThread : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimerHeap _heap = new();
    private readonly ClockSleeper _sleeper = ClockSleeper.Create();
    private readonly Thread _thread;

    /// <summary>Host time at which the thread wakes by itself; 0 while it is awake and will look at the heap.</summary>
    private ulong _wakesAt;
    private HeapTimer? _current;
    private bool _disposed;

    public ClockThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "arm64vm-clock" };
        _thread.Start();
    }

    /// <summary>Ends the thread. The clocks that use it are disposed before.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _sleeper.Wake();
        }

        _thread.Join();
        _sleeper.Dispose();
    }

    /// <summary>Has <paramref name="clock"/> called at a host time, or earlier than was set before.</summary>
    internal void Set(HeapTimer clock, ulong hostNanoseconds)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _heap.Set(clock, hostNanoseconds);
            if (hostNanoseconds >= _wakesAt)
                return;
            _wakesAt = 0;
            _sleeper.Wake();
        }
    }

    /// <summary>Forgets a clock, and waits while it is being called. Not from a callback.</summary>
    internal void Remove(HeapTimer clock)
    {
        SpinWait wait = default;
        while (true)
        {
            lock (_gate)
            {
                _heap.Remove(clock);
                if (_current != clock)
                    return;
            }

            wait.SpinOnce();
        }
    }

    private void Run()
    {
        _sleeper.Attach();
        while (true)
        {
            var sleep = ClockSleeper.Forever;
            HeapTimer? due = null;
            lock (_gate)
            {
                _current = null;
                if (_disposed)
                    return;
                _wakesAt = ulong.MaxValue;
                if (_heap.First is { } first)
                {
                    var now = SystemClock.HostNanoseconds();
                    if (first.Deadline <= (ulong)now)
                    {
                        _heap.Remove(first);
                        _current = due = first;
                        _wakesAt = 0;
                    }
                    else
                    {
                        _wakesAt = first.Deadline;
                        sleep = first.Deadline - (ulong)now;
                    }
                }
            }

            if (due is not null)
                due.Expired();
            else
                _sleeper.Sleep(sleep);
        }
    }
}
