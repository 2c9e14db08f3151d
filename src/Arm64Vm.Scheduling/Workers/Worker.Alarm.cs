namespace Arm64Vm.Scheduling;

/// <summary>Limits of the present run, and the alarm that has the keeper look at them.</summary>
/// <remarks>
/// A run has a limit (the end of its quantum, a deadline in this worker's wheel) and the alarm that the entity has asked for. The worker's alarm clock rings
/// before the earlier of the two; <c>_alarmAt</c> says when it is set to ring, 0 while the keeper has heard it and is about to look.
/// who sets a limit: (L1) publishes it, full fence; (L2) reads the alarm's time and sets the alarm earlier, unless it is set for the limit or before.
/// keeper: (R1) swaps the alarm's time for 0 once it has rung, full fence; (R2) looks at the limits, and sets the alarm for the earliest (L2).
/// Either L2 sees an alarm that is to ring yet, and R2 comes after it and sees the limit; or it sees 0 or a later time, and sets the alarm.
/// owner: (O1) before a run and before a sleep it puts the alarm off, by compare-and-swap; (O2) full fence; (O3) looks at the limits again. Either O3 sees a limit
/// that somebody else has set meanwhile, or its L2 sees the new time of O1.
/// Two that set the clock in another order than they swapped its time: who finds another time than its own afterwards sets that one.
/// </remarks>
internal sealed partial class Worker<TPoints>
{
    /// <summary>Nanoseconds after which a run is accounted for even if nobody waits.</summary>
    public const ulong LongestRun = 50_000_000;

    /// <summary>Deadlines of parked entities are late by so many nanoseconds at most because their worker is busy, and by twice as much as sleeps of this host are. Runs of processors that wait mostly end before, and the alarm is put off without having rung.</summary>
    private const ulong LeastSlack = 100_000;

    /// <summary>A sleep that was late by more says nothing about the host's timers.</summary>
    private const ulong WorstLateness = 200_000;

    /// <summary>One in so many nanoseconds of a sleep's lateness goes into the mean.</summary>
    private const int LatenessWeight = 8;

    private ulong _runDeadline = ScheduleResult.Never;
    private ulong _alarmAt = WorkerAlarms.Off;

    /// <summary>How late this worker's sleeps mostly end, in nanoseconds. The worker's thread only.</summary>
    private long _lateness;

    /// <summary>An alarm that rang before a late sleep has ended would wake the keeper for nothing, and a run of the deadline that was slept for begins as late anyway.</summary>
    private ulong DeadlineSlack => LeastSlack + (2 * (ulong)_lateness);

    /// <summary>Runs that are shorter mostly end before anything is due; in nanoseconds.</summary>
    private const ulong BriefRun = 200_000;

    /// <summary>After a longer run so many brief ones in a row are needed before the next is expected to be brief.</summary>
    private const int BriefRunsWanted = 16;

    /// <summary>An alarm that is set for later than this will not ring during a brief run.</summary>
    private const ulong BriefRunEnds = 2 * BriefRun;

    /// <summary>When the running entity is to be preempted; <see cref="ScheduleResult.Never"/> while nothing limits it or nothing runs.</summary>
    public ulong RunDeadline => Volatile.Read(ref _runDeadline);

    /// <summary>When the alarm rings; 0: it has.</summary>
    public ulong AlarmAt => Volatile.Read(ref _alarmAt);

    /// <summary>Limits a run that began without a limit. Any thread.</summary>
    public void StartQuantum()
    {
        var old = RunDeadline;
        if (Volatile.Read(ref _current) is null)
            return;
        var end = Volatile.Read(ref _started) + _pool.Quantum;
        if (end >= old)
            return;

        // The run that was looked at may be over; the one that has followed it then has a short first quantum.
        TPoints.Reach();
        if (Interlocked.CompareExchange(ref _runDeadline, end, old) == old)
            Remind(end);
    }

    /// <summary>L2: has the keeper look in time for a limit that has been published. Any thread.</summary>
    public void Remind(ulong limit)
    {
        while (true)
        {
            TPoints.Reach();
            var at = AlarmAt;
            if (at != 0 && at <= limit)
                return;
            TPoints.Reach();
            if (Interlocked.CompareExchange(ref _alarmAt, limit, at) == at)
                break;
        }

        SetClock(limit);
    }

    /// <summary>R1 and R2: the alarm has rung. The keeper's thread.</summary>
    public void Rung()
    {
        TPoints.Reach();
        Interlocked.Exchange(ref _alarmAt, 0);
        TPoints.Reach();
        var next = Check(_pool.Clock.Nanoseconds);

        // Without a limit nothing runs, and the next run sets the alarm.
        if (next != ScheduleResult.Never)
            Remind(next);
    }

    /// <summary>Asks what runs to return, if its time is over, and tells it of its own alarm; returns the time at which to look again.</summary>
    public ulong Check(ulong now)
    {
        var next = RunDeadline;
        if (next <= now)
        {
            if (Interlocked.CompareExchange(ref _runDeadline, now + _pool.Quantum, next) == next)
                Volatile.Read(ref _current)?.Preempt();
            next = RunDeadline;
        }

        if (Volatile.Read(ref _current) is not { } running)
            return next;
        var alarm = running.Alarm;
        if (alarm > now)
            return Math.Min(next, alarm);
        running.TellAlarm(alarm);
        return next;
    }

    /// <summary>Before a sleep: the alarm need not ring for a run that is over. One that the next run comes long before stays; another is set for the latest limit that this run can have.</summary>
    public void RestAlarm()
    {
        var at = AlarmAt;
        if (at == WorkerAlarms.Off)
            return;
        var next = NextDeadline;
        if (at == 0 || Later(next, DeadlineSlack + BriefRunEnds) >= at)
            PutOff(at, Later(next, DeadlineSlack + _pool.Quantum));
    }

    /// <summary>A sleep until a deadline is over, at <paramref name="now"/>. The worker's thread only.</summary>
    public void NoteAwake(ulong deadline, ulong now)
    {
        if (now >= deadline)
            _lateness += ((long)Math.Min(now - deadline, WorstLateness) - _lateness) / LatenessWeight;
    }

    /// <summary>An entity has run for so many nanoseconds.</summary>
    private static void NoteRun(ScheduleEntity entity, ulong ran) => entity.BriefRuns = ran < BriefRun ? Math.Min(entity.BriefRuns + 1, BriefRunsWanted) : 0;

    private static ulong Later(ulong time, ulong by) => time > ScheduleResult.Never - by ? ScheduleResult.Never : time + by;

    private static bool IsBrief(ScheduleEntity entity) => entity.BriefRuns >= BriefRunsWanted;

    /// <summary>
    /// How late deadlines may be for an entity that begins to run. Setting an alarm costs about as much as a brief run, so entities that had only brief ones for a while have a quantum more: should
    /// this one be longer, what is due meanwhile waits as long as if it had been queued behind it.
    /// </summary>
    private ulong SlackFor(ScheduleEntity entity) => IsBrief(entity) ? DeadlineSlack + _pool.Quantum : DeadlineSlack;

    /// <summary>O1 to O3 for a run that begins. An alarm that will ring after a brief run stays; for others, one that is set for the second half of the time until the limit rings once for nothing, which is cheaper.</summary>
    private void SetAlarm(ScheduleEntity entity, ulong limit, ulong now)
    {
        var at = AlarmAt;
        var left = (limit - Math.Min(limit, now)) / 2;
        if (at > limit || at == 0)
            Remind(limit);
        else if (at < now + (IsBrief(entity) ? Math.Min(left, BriefRunEnds) : left))
            PutOff(at, limit);
    }

    private void PutOff(ulong from, ulong to)
    {
        TPoints.Reach();
        if (Interlocked.CompareExchange(ref _alarmAt, to, from) == from)
            SetClock(to);
        TPoints.Reach();
        var earliest = RunDeadline;
        if (Volatile.Read(ref _current) is { } running)
            earliest = Math.Min(earliest, running.Alarm);
        if (earliest < to)
            Remind(earliest);
    }

    private void SetClock(ulong time)
    {
        while (true)
        {
            TPoints.Reach();
            var now = _pool.Clock.Nanoseconds;
            _pool.Keeper.Alarms.Set(Index, time == WorkerAlarms.Off ? time : time - Math.Min(time, now));
            TPoints.Reach();
            var set = AlarmAt;

            // 0: it has rung already, and who looks sets it.
            if (set == time || set == 0)
                return;
            time = set;
        }
    }
}
