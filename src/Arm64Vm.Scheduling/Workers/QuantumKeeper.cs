namespace Arm64Vm.Scheduling;

/// <summary>Watches the time for workers that are busy running something: preempts what has run for its quantum, and lets a busy worker see to its deadlines.</summary>
/// <remarks>
/// One thread per pool, asleep while no run has a limit. Not woken for every run: it is called only for a limit that lies before the time it
/// wakes by itself (<see cref="Poke"/>), and a new quantum lies after it. While there are runs it wakes by itself often enough that one without anybody waiting need not call it,
/// also when nothing runs at the moment it looks: processors that wait run shortly and often.
/// keeper: (K1) dozes, full fence; (K2) looks at all limits; (K3) publishes the earliest as its wake time, full fence; (K4) looks again and starts over when
/// one lies earlier; (K5) sleeps. worker: (P1) publishes a limit, full fence; (P2) reads the wake time and calls when its limit lies before. Either K4 sees the limit of
/// P1, or P2 sees the wake time of K3 and calls; the gate keeps a call that comes before K5. While the keeper is awake its wake time is 0, so nobody calls.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class QuantumKeeper<TPoints>(Pool<TPoints> pool, Sleeper sleeper)
    where TPoints : struct, IInterleavingPoints
{
    private readonly SleepGate<TPoints> _gate = new(sleeper);
    private ulong _wakesAt;
    private bool _stopped;
    private ulong _lastRun;

    public Sleeper Sleeper => sleeper;

    /// <summary>P2: a run has a limit. Any thread.</summary>
    public void Poke(ulong limit)
    {
        TPoints.Reach();
        if (limit < Volatile.Read(ref _wakesAt))
            _gate.Call();
    }

    /// <summary>Ends the loop. Any thread.</summary>
    public void Stop()
    {
        Volatile.Write(ref _stopped, true);
        _gate.Call();
    }

    /// <summary>The keeper's thread.</summary>
    public void Loop()
    {
        sleeper.Attach();
        while (!Volatile.Read(ref _stopped))
            Turn();
    }

    /// <summary>K1 to K5.</summary>
    public void Turn()
    {
        _gate.Doze();
        var next = CheckAll();
        Interlocked.Exchange(ref _wakesAt, next);
        TPoints.Reach();
        var again = CheckAll();
        if (again < next || Volatile.Read(ref _stopped))
        {
            _gate.Rise();
        }
        else
        {
            var now = pool.Clock.Nanoseconds;
            _gate.Sleep(next == ScheduleResult.Never ? next : next - Math.Min(next, now));
        }

        Volatile.Write(ref _wakesAt, 0);
    }

    private ulong CheckAll()
    {
        var now = pool.Clock.Nanoseconds;
        var next = ScheduleResult.Never;
        foreach (var slot in pool.Workers)
        {
            if (slot is not { } worker)
                continue;
            next = Math.Min(next, worker.Check(now));
            _lastRun = Math.Max(_lastRun, worker.Started);
        }

        var isActive = _lastRun + Worker<TPoints>.LongestRun > now;
        return isActive ? Math.Min(next, now + Worker<TPoints>.LongestRun) : next;
    }
}
