using System.Collections.Concurrent;

namespace Arm64Vm.Scheduling;

/// <summary>Runs any number of entities on few threads. No member locks; all are safe from any thread.</summary>
internal sealed class Scheduler : IDisposable
{
    private readonly Pool<NoPoints> _pool;
    private readonly string _name;
    private readonly ConcurrentStack<int> _freeIndexes = new();
    private readonly Running?[] _threads = new Running?[Pool<NoPoints>.MaximumWorkers];
    private readonly Thread _keeper;
    private int _indexes;
    private bool _disposed;

    /// <summary>Starts the workers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than 64 workers, or times that are not positive.</exception>
    public Scheduler(SchedulerOptions? options = null)
    {
        options ??= new SchedulerOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Workers);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Workers, Pool<NoPoints>.MaximumWorkers);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Quantum, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Period, TimeSpan.Zero);
        _name = options.Name;
        var clock = options.Clock ?? new HostClock();
        _pool = new Pool<NoPoints>(clock, Nanoseconds(options.Quantum), Nanoseconds(options.Period), Sleeper.Create, WorkerAlarms.Create(clock));
        _keeper = new Thread(_pool.Keeper.Loop) { IsBackground = true, Name = _name + "-quantum" };
        _keeper.Start();
        var workers = options.Workers == 0 ? Math.Min(Environment.ProcessorCount, Pool<NoPoints>.MaximumWorkers) : options.Workers;
        for (var i = 0; i < workers; i++)
            AddWorker();
    }

    /// <summary>The time of deadlines, in nanoseconds.</summary>
    public ulong Now => _pool.Clock.Nanoseconds;

    /// <summary>Workers that are there.</summary>
    public int Workers => _pool.Present;

    /// <summary>Entities that want to run and wait for a worker.</summary>
    public int Waiting => _pool.Waiting;

    /// <summary>A new group, with the default weight and without a cap.</summary>
    public ScheduleGroup AddGroup(string name)
    {
        var group = new ScheduleGroup(name, (long)_pool.Quantum);
        _pool.Change(groups => [.. groups, group]);
        return group;
    }

    /// <summary>Takes a group out. Its entities are finished.</summary>
    public void RemoveGroup(ScheduleGroup group) => _pool.Change(groups => [.. groups.Where(other => other != group)]);

    /// <summary>Takes on something to run; it does not run before <see cref="Start"/>.</summary>
    public ScheduleEntity Add(ISchedulable target, ScheduleGroup group)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        var index = _freeIndexes.TryPop(out var free) ? free : Interlocked.Increment(ref _indexes) - 1;
        return new ScheduleEntity(target, group, index) { LastWorker = index % Math.Max(1, Workers) };
    }

    /// <summary>Queues a new entity. Once.</summary>
    public void Start(ScheduleEntity entity)
    {
        StateMachine<NoPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
        entity.Group.BecomesRunnable();
        _pool.Enqueue(entity);
    }

    /// <summary>There is, or may be, something to do for an entity: it runs soon if it was parked, and again if it runs. Lock-free; the caller has stored the reason before.</summary>
    public void Wake(ScheduleEntity entity) => _pool.Wake(entity);

    /// <summary>Makes the present run of an entity, if there is one, return.</summary>
    public void Preempt(ScheduleEntity entity) => entity.Preempt();

    /// <summary>Has <see cref="ISchedulable.AlarmReached"/> called at a time of this scheduler, if the entity runs then; replaces what was set before, <see cref="ScheduleResult.Never"/>: not at all. On the thread that runs it, or while nobody does.</summary>
    public void SetAlarm(ScheduleEntity entity, ulong time)
    {
        if (entity.SetAlarm(time) && _pool.Workers[entity.LastWorker] is { } worker)
            worker.Remind(time);
    }

    /// <summary>Gives back the place of an entity that never started, or is finished and quiet (<see cref="ScheduleEntity.IsQuiet"/>); its target may be freed.</summary>
    /// <exception cref="InvalidOperationException">It is neither.</exception>
    public void Remove(ScheduleEntity entity)
    {
        if (entity.State != EntityState.Created && !entity.IsQuiet)
            throw new InvalidOperationException("Only what is finished can be removed from a scheduler.");
        entity.Forget();
        _freeIndexes.Push(entity.Index);
    }

    /// <summary>Starts one more worker; its index, or -1 when there are 64.</summary>
    public int AddWorker()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (_pool.AddWorker() is not { } worker)
            return -1;
        var loop = new WorkerThread<NoPoints>(_pool, worker);
        var thread = new Thread(loop.Loop) { IsBackground = true, Name = $"{_name}-{worker.Index}" };

        // The place is free: the thread before it has given it up when it left.
        Volatile.Write(ref _threads[worker.Index], new Running(loop, thread));
        thread.Start();
        return worker.Index;
    }

    /// <summary>Ends a worker after its present run; what waits for it goes to others. False when there is no such worker, or it is the last.</summary>
    public bool RemoveWorker(int index)
    {
        if ((uint)index >= (uint)_threads.Length || Workers <= 1)
            return false;
        return End(index);
    }

    /// <summary>Ends the workers. Entities that are not finished stay where they are and do not run any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        for (var i = 0; i < _threads.Length; i++)
            End(i);
        _pool.Keeper.Stop();
        _keeper.Join();
        _pool.Keeper.Alarms.Dispose();
    }

    private static ulong Nanoseconds(TimeSpan time) => (ulong)(time.Ticks * TimeSpan.NanosecondsPerTick);

    private bool End(int index)
    {
        if (Interlocked.Exchange(ref _threads[index], null) is not { } running)
            return false;
        running.Loop.Leave();
        running.Thread.Join();

        // The event of hosts without futexes is left to the finalizer: a late caller may hold the worker.
        return true;
    }

    private sealed record Running(WorkerThread<NoPoints> Loop, Thread Thread);
}
