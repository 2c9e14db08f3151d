namespace Arm64Vm.Scheduling;

/// <summary>One run of an entity, and what follows from its result.</summary>
internal sealed partial class Worker<TPoints>
{
    private ScheduleEntity? _current;
    private ulong _started;

    /// <summary>Publishes that an entity runs from now on, and for how long it may.</summary>
    /// <remarks>
    /// Without anybody waiting and without a cap it runs for long, and its alarm seldom has to be set: the usual case of few busy processors. Who comes later starts the quantum
    /// (<see cref="StartQuantum"/>). Here: the run is published, full fence, the count of waiting entities is read; there: the count is raised, full fence,
    /// the run is read. One of the two sees the other.
    /// </remarks>
    public void Begin(ScheduleEntity entity, ulong now)
    {
        Volatile.Write(ref _started, now);
        Volatile.Write(ref _current, entity);
        var limit = Math.Min(Later(_wheel.Next, SlackFor(entity)), now + LongestRun);
        if (entity.Group.Cap != 0)
            limit = Math.Min(limit, now + _pool.Quantum);
        TPoints.Reach();
        Interlocked.Exchange(ref _runDeadline, limit);
        SetAlarm(entity, Math.Min(limit, entity.Alarm), now);
        TPoints.Reach();
        if (_pool.SomebodyWaits)
            _pool.StartQuanta();
    }

    /// <summary>The run is over: accounts for it and does what the result says.</summary>
    public void End(ScheduleEntity entity, in ScheduleResult result, ulong now)
    {
        Volatile.Write(ref _runDeadline, ScheduleResult.Never);
        Volatile.Write(ref _current, null);
        var ran = now - _started;
        entity.RunNanoseconds += (long)ran;
        NoteRun(entity, ran);
        entity.Group.Charge(ran);
        CapMeter.Charge(entity.Group, ran, now);
        switch (result.Reason)
        {
            case ScheduleReturn.Finished:
                entity.Group.NoLongerRunnable();
                StateMachine<TPoints>.Leave(ref entity.Word, EntityState.Finished);
                break;
            case ScheduleReturn.Wait:
                entity.Waits++;

                // Before it parks: from then on it is not ours.
                if (result.Deadline != ScheduleResult.Never)
                    _wheel.Set(entity, result.Deadline);
                entity.Group.NoLongerRunnable();
                if (!StateMachine<TPoints>.TryPark(ref entity.Word))
                {
                    entity.Group.BecomesRunnable();
                    Keep(entity);
                }

                break;
            case ScheduleReturn.Yield:
                entity.Yields++;
                StateMachine<TPoints>.Leave(ref entity.Word, EntityState.Queued);
                Keep(entity);
                break;
            default:
                entity.Preemptions++;
                StateMachine<TPoints>.Leave(ref entity.Word, EntityState.Queued);
                Keep(entity);
                break;
        }
    }

    /// <summary>An entity has come for this worker, which is busy. One with credit does not wait for one without. Any thread.</summary>
    public void Disturb(ScheduleEntity arrived)
    {
        if (Volatile.Read(ref _current) is not { } running)
            return;
        if (arrived.Group.HasCredit && !running.Group.HasCredit)
            running.Preempt();
        else
            StartQuantum();
    }

    /// <summary>Makes what runs return: the worker has something else to do. Any thread.</summary>
    public void Interrupt()
    {
        if (!Gate.Call())
            Volatile.Read(ref _current)?.Preempt();
    }
}
