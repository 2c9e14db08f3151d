namespace Arm64Vm.Scheduling;

/// <summary>Any host: the waiting thread sleeps until the first alarm, and is woken for one that is set before that.</summary>
/// <remarks>
/// waiter: (K1) dozes, full fence; (K2) looks at all alarms; (K3) publishes the earliest as its wake time, full fence; (K4) looks again and starts over when
/// one is earlier; (K5) sleeps. setter: (P1) stores an alarm, full fence; (P2) reads the wake time and calls when its alarm is before. Either K4 sees the alarm of
/// P1, or P2 sees the wake time of K3 and calls; the gate keeps a call that comes before K5. While the waiter is awake its wake time is 0, so nobody calls.
/// An alarm that is put off leaves the wake time behind: the waiter wakes once for nothing.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class SleeperAlarms<TPoints>(ISchedulerClock clock, Sleeper sleeper) : WorkerAlarms
    where TPoints : struct, IInterleavingPoints
{
    private readonly SleepGate<TPoints> _gate = new(sleeper);
    private readonly ulong[] _times = NoTimes();
    private ulong _wakesAt;
    private bool _isStopped;
    private bool _isAttached;

    public override void Open(int place)
    {
    }

    public override void Set(int place, ulong nanoseconds)
    {
        var now = clock.Nanoseconds;
        var time = nanoseconds >= Off - now ? Off : now + nanoseconds;
        TPoints.Reach();
        Interlocked.Exchange(ref _times[place], time);
        TPoints.Reach();
        if (time < Volatile.Read(ref _wakesAt))
            _gate.Call();
    }

    public override ulong Wait()
    {
        if (!_isAttached)
            sleeper.Attach();
        _isAttached = true;
        _gate.Doze();
        var (rung, next) = Look();
        Interlocked.Exchange(ref _wakesAt, next);
        TPoints.Reach();
        var (late, again) = Look();
        rung |= late;
        if (rung == 0 && again >= next && !Volatile.Read(ref _isStopped))
            _gate.Sleep(next == Off ? Off : next - Math.Min(next, clock.Nanoseconds));
        else
            _gate.Rise();
        Volatile.Write(ref _wakesAt, 0);
        return rung;
    }

    public override void Stop()
    {
        Volatile.Write(ref _isStopped, true);
        _gate.Call();
    }

    public override void Dispose() => sleeper.Dispose();

    private static ulong[] NoTimes()
    {
        var times = new ulong[Pool<NoPoints>.MaximumWorkers];
        times.AsSpan().Fill(Off);
        return times;
    }

    /// <summary>Takes what has rung; the earliest of the others.</summary>
    private (ulong Rung, ulong Next) Look()
    {
        var now = clock.Nanoseconds;
        var rung = 0ul;
        var next = Off;
        for (var place = 0; place < _times.Length; place++)
        {
            var time = Volatile.Read(ref _times[place]);
            if (time <= now && Interlocked.CompareExchange(ref _times[place], Off, time) == time)
                rung |= 1ul << place;
            else
                next = Math.Min(next, time);
        }

        return (rung, next);
    }
}
