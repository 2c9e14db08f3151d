namespace Arm64Vm.Scheduling;

/// <summary>One thing that is scheduled, and its place in the scheduler. Made by <see cref="Scheduler.Add"/>.</summary>
internal sealed class ScheduleEntity
{
    /// <summary>Runs on any worker.</summary>
    public const ulong AnyWorker = ulong.MaxValue;

    private ISchedulable? _target;
    private int _state;
    private int _visitors;
    private ulong _affinity = AnyWorker;
    private ulong _alarm = ScheduleResult.Never;
    internal long RunNanoseconds;

    /// <summary>Brief runs since it had a longer one, as far as workers count. Its worker's.</summary>
    internal int BriefRuns;
    internal long Runs;
    internal long Preemptions;
    internal long Yields;
    internal long Waits;
    internal long Migrations;
    internal long Throttles;

    internal ScheduleEntity(ISchedulable target, ScheduleGroup group, int index)
    {
        _target = target;
        Group = group;
        Index = index;
    }

    private ScheduleEntity()
    {
        Group = null!;
        _state = (int)EntityState.Finished;
    }

    /// <summary>The group whose weight and cap it shares.</summary>
    public ScheduleGroup Group { get; }

    /// <summary>Where it is, at some moment during the call.</summary>
    public EntityState State => (EntityState)Volatile.Read(ref _state);

    /// <summary>The workers that may run it, one bit each. Counts from its next wake-up or run on. When none of them exists, any worker runs it.</summary>
    public ulong Affinity
    {
        get => Volatile.Read(ref _affinity);
        set => Volatile.Write(ref _affinity, value == 0 ? AnyWorker : value);
    }

    /// <summary>Counters; each is that of some moment during the call.</summary>
    public EntityStatistics Statistics => new(
        State,
        new TimeSpan(Volatile.Read(ref RunNanoseconds) / TimeSpan.NanosecondsPerTick),
        Volatile.Read(ref Runs),
        Volatile.Read(ref Preemptions),
        Volatile.Read(ref Yields),
        Volatile.Read(ref Waits),
        Volatile.Read(ref Migrations),
        Volatile.Read(ref Throttles),
        LastWorker);

    /// <summary>True once it is finished and no thread is in a call of its target, nor ever will be.</summary>
    public bool IsQuiet => State == EntityState.Finished && Volatile.Read(ref _visitors) == 0;

    internal ISchedulable Target => _target!;

    internal ref int Word => ref _state;

    /// <summary>Its node in the timer wheels.</summary>
    internal int Index { get; }

    /// <summary>The link in an inbox; the owner of the entity in state Queued owns the link.</summary>
    internal ScheduleEntity? Next { get; set; }

    /// <summary>Where it ran last; a hint.</summary>
    internal int LastWorker { get; set; }

    /// <summary>When it wants to be told that the time has come, should it run then.</summary>
    internal ulong Alarm => Volatile.Read(ref _alarm);

    /// <summary>True: it runs, and the alarm of its worker must ring in time. A full fence.</summary>
    internal bool SetAlarm(ulong time)
    {
        Interlocked.Exchange(ref _alarm, time);
        return time != ScheduleResult.Never && State is EntityState.Running or EntityState.RunningWoken;
    }

    /// <summary>The time has come: tells it once, if it runs; otherwise the alarm stays for its next run. Visitors as in <see cref="Preempt"/>.</summary>
    internal void TellAlarm(ulong time)
    {
        Interlocked.Increment(ref _visitors);
        if (State is EntityState.Running or EntityState.RunningWoken && Interlocked.CompareExchange(ref _alarm, ScheduleResult.Never, time) == time)
            Target.AlarmReached();
        Interlocked.Decrement(ref _visitors);
    }

    /// <summary>Lets go of the target: queues keep their references to entities until slots are used again.</summary>
    internal void Forget() => _target = null;

    /// <summary>An entity that is never scheduled.</summary>
    internal static ScheduleEntity Marker() => new();

    /// <summary>Asks the target to return from its run, if it runs.</summary>
    /// <remarks>
    /// The owner frees the target once <see cref="IsQuiet"/>: visitors are counted by a full fence before the state is read, and the
    /// state is set by one before the visitors are read, so a visitor that found it running is seen.
    /// </remarks>
    internal void Preempt()
    {
        Interlocked.Increment(ref _visitors);
        if (State is EntityState.Running or EntityState.RunningWoken)
            Target.RequestPreemption();
        Interlocked.Decrement(ref _visitors);
    }
}
