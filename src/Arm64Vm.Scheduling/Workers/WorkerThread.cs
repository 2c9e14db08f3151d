namespace Arm64Vm.Scheduling;

/// <summary>The thread of a worker: chooses, runs, sleeps.</summary>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class WorkerThread<TPoints>(Pool<TPoints> pool, Worker<TPoints> worker)
    where TPoints : struct, IInterleavingPoints
{
    private bool _leaving;

    /// <summary>Ends the loop after the present run. Any thread.</summary>
    public void Leave()
    {
        Volatile.Write(ref _leaving, true);
        worker.Interrupt();
    }

    /// <summary>Works until <see cref="Leave"/>, then gives away what the worker holds.</summary>
    public void Loop()
    {
        worker.Sleeper.Attach();
        var now = pool.Clock.Nanoseconds;
        while (!Volatile.Read(ref _leaving))
        {
            if (worker.Next(now) is { } entity)
                now = Run(entity, now);
            else
                now = Sleep();
        }

        worker.Evacuate();
    }

    private ulong Run(ScheduleEntity entity, ulong now)
    {
        worker.Begin(entity, now);

        // An interrupt before the run was published has gone to nobody.
        if (Volatile.Read(ref _leaving))
            entity.Target.RequestPreemption();
        ScheduleResult result;
        Exception? failure = null;
        try
        {
            result = entity.Target.Run();
        }
        catch (Exception e)
        {
            // The entity is at fault, not the worker, which has others to run.
            failure = e;
            result = new ScheduleResult(ScheduleReturn.Finished);
        }

        now = pool.Clock.Nanoseconds;
        worker.End(entity, in result, now);
        if (result.Reason == ScheduleReturn.Finished)
            entity.Target.Finished(failure);
        return now;
    }

    /// <summary>Dozes off, looks once more, sleeps until called or until a deadline. See <see cref="SleepGate{TPoints}"/>.</summary>
    private ulong Sleep()
    {
        var deadline = ScheduleResult.Never;
        worker.Gate.Doze();
        pool.BecomesIdle(worker);
        if (Volatile.Read(ref _leaving) || worker.SeesWork())
        {
            worker.Gate.Rise();
        }
        else
        {
            worker.RestAlarm();
            deadline = worker.NextDeadline;
            worker.Gate.Sleep(deadline == ScheduleResult.Never ? deadline : deadline - Math.Min(deadline, pool.Clock.Nanoseconds));
        }

        pool.NoLongerIdle(worker);
        var now = pool.Clock.Nanoseconds;
        worker.NoteAwake(deadline, now);
        return now;
    }
}
