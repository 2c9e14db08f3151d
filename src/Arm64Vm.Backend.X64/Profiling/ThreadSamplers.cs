namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>Samples every thread that runs a vCPU: a timer of the host for each interrupts it, and the emitted handler notes where it was.</summary>
/// <remarks>SAFETY: rings and handler go when the timers are deleted, their pending signals thrown away, and handlers that had begun have ended.</remarks>
internal sealed unsafe class ThreadSamplers : IDisposable
{
    /// <summary>Longer than a handler runs, also where the host takes its thread away meanwhile.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(50);

    private readonly SampleHandler _handler = new();
    private readonly List<(SampleRing Ring, int Timer)> _threads = [];
    private readonly ThreadLocal<SampleRing> _own;
    private readonly long _interval;
    private bool _ended;

    /// <param name="interval">Nanoseconds between two samples of a thread; null: as many as <see cref="TimerCost"/> says.</param>
    /// <exception cref="InvalidOperationException">Something else in this process samples already, or the host has no timers for us.</exception>
    public ThreadSamplers(long? interval)
    {
        _own = new ThreadLocal<SampleRing>(Start);
        if (!SignalCalls.TryInstall(_handler.Address))
        {
            _handler.Dispose();
            throw new InvalidOperationException("This process records a profile already.");
        }

        _interval = interval ?? TimerCost.Interval(TimerCost.Measure());
    }

    public long Interval => _interval;

    /// <summary>Samples lost because nobody fetched them in time.</summary>
    public long Dropped
    {
        get
        {
            lock (_threads)
                return _threads.Sum(thread => thread.Ring.Dropped);
        }
    }

    /// <summary>The calling thread runs a vCPU from now on, or none (null).</summary>
    public void Run(SamplePoint* point) => _own.Value!.Current = point;

    /// <summary>Takes what has gathered. One thread at a time.</summary>
    public void Drain(SampleRing.Reader reader)
    {
        (SampleRing Ring, int Timer)[] threads;
        lock (_threads)
            threads = [.. _threads];
        foreach (var (ring, _) in threads)
            ring.Drain(reader);
    }

    /// <summary>Ends sampling; what has gathered may still be fetched. No vCPU of ours runs any more, or it has been told.</summary>
    public void Stop()
    {
        lock (_threads)
        {
            if (_ended)
                return;
            _ended = true;
            foreach (var (_, timer) in _threads)
                SignalCalls.DeleteTimer(timer);
            SignalCalls.Uninstall();
        }

        Thread.Sleep(s_grace);
    }

    public void Dispose()
    {
        Stop();
        foreach (var (ring, _) in _threads)
            ring.Dispose();
        _handler.Dispose();
        _own.Dispose();
    }

    private SampleRing Start()
    {
        SampleRing ring = new();
        lock (_threads)
        {
            if (!_ended)
                _threads.Add((ring, SignalCalls.StartTimer((nint)ring.Address, _interval)));
        }

        return ring;
    }
}
