using System.Numerics;

namespace Arm64Vm.Scheduling;

/// <summary>What the workers share: each other, the groups, and who sleeps.</summary>
/// <remarks>
/// Three words are written by all. <c>_waiting</c> counts entities in queues and inboxes: while it is 0 nobody needs a quantum.
/// <c>_idle</c> has a bit for every worker that dozes; it is a hint for callers, whose correctness lies in the workers' gates.
/// Arrays are replaced as a whole by compare-and-swap, so a reader needs one load and sees a consistent one.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class Pool<TPoints>
    where TPoints : struct, IInterleavingPoints
{
    /// <summary>Affinities and the idle mask are words.</summary>
    public const int MaximumWorkers = 64;

    private readonly Worker<TPoints>?[] _workers = new Worker<TPoints>?[MaximumWorkers];
    private ScheduleGroup[] _groups = [];
    private int _waiting;
    private ulong _idle;
    private int _present;
    private int _places = 1;

    public Pool(ISchedulerClock clock, ulong quantum, ulong period, Func<Sleeper> sleepers, WorkerAlarms alarms)
    {
        Clock = clock;
        Quantum = quantum;
        Sleepers = sleepers;
        Accountant = new Accountant(period, quantum);
        Keeper = new QuantumKeeper<TPoints>(this, alarms);
    }

    public ISchedulerClock Clock { get; }

    public ulong Quantum { get; }

    public Func<Sleeper> Sleepers { get; }

    public Accountant Accountant { get; }

    public QuantumKeeper<TPoints> Keeper { get; }

    /// <summary>Places of workers, some empty.</summary>
    public ReadOnlySpan<Worker<TPoints>?> Workers => _workers.AsSpan(0, Places);

    /// <summary>Places that have been used so far.</summary>
    public int Places => Volatile.Read(ref _places);

    /// <summary>Workers that are there.</summary>
    public int Present => Volatile.Read(ref _present);

    public ScheduleGroup[] Groups => Volatile.Read(ref _groups);

    /// <summary>True when an entity waits in some queue.</summary>
    public bool SomebodyWaits => Volatile.Read(ref _waiting) > 0;

    /// <summary>Entities in queues and inboxes.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Change(Func<ScheduleGroup[], ScheduleGroup[]> change)
    {
        ScheduleGroup[] old;
        do
        {
            old = Groups;
        }
        while (Interlocked.CompareExchange(ref _groups, change(old), old) != old);
    }

    /// <summary>True when an entity waits and no worker is free to take it: only then it matters whose turn it is.</summary>
    public bool IsContended => SomebodyWaits && Volatile.Read(ref _idle) == 0;

    /// <summary>Puts a worker into the first free place; null when all are taken.</summary>
    /// <exception cref="InvalidOperationException">The host has no timer to give.</exception>
    public Worker<TPoints>? AddWorker()
    {
        for (var i = 0; i < MaximumWorkers; i++)
        {
            if (Volatile.Read(ref _workers[i]) is not null)
                continue;
            var worker = new Worker<TPoints>(this, i, Sleepers());
            if (Interlocked.CompareExchange(ref _workers[i], worker, null) is not null)
                continue;
            try
            {
                Keeper.Alarms.Open(i);
            }
            catch (InvalidOperationException)
            {
                Volatile.Write(ref _workers[i], null);
                throw;
            }

            while (Places is var places && places <= i)
                Interlocked.CompareExchange(ref _places, i + 1, places);
            Interlocked.Increment(ref _present);
            return worker;
        }

        return null;
    }

    /// <summary>Takes a worker out of sight; callers that hold it still find its inbox open until it has closed it.</summary>
    public void Forget(Worker<TPoints> worker)
    {
        Volatile.Write(ref _workers[worker.Index], null);
        Interlocked.Decrement(ref _present);
        NoLongerIdle(worker);
    }

    /// <summary>Notes that there is something to do for an entity. Any thread.</summary>
    public void Wake(ScheduleEntity entity)
    {
        if (!StateMachine<TPoints>.TryWake(ref entity.Word))
            return;
        entity.Group.BecomesRunnable();
        Enqueue(entity);
    }

    /// <summary>Gives an entity in state Queued, which the caller owns, to a worker.</summary>
    /// <remarks>Order: the count is raised before the inbox gets the entity (both full fences), so a worker that looks at the count after publishing its run, or at the inboxes after dozing off, sees one of the two.</remarks>
    public void Enqueue(ScheduleEntity entity)
    {
        var first = CountWaiting();
        var isBound = entity.Affinity != ScheduleEntity.AnyWorker;
        Worker<TPoints>? worker;
        do
        {
            worker = Choose(entity);
            if (worker is null)
            {
                // No worker is left: the scheduler is being disposed.
                Interlocked.Decrement(ref _waiting);
                return;
            }
        }
        while (!(isBound ? worker.BoundInbox : worker.Inbox).TryAdd(entity));

        // The worker that was called takes it at once. If it takes something else first, it sees when it begins that there is more.
        if (worker.Gate.Call())
            return;
        worker.Disturb(entity);
        if (!isBound)
            CallHelp();
        if (first)
            StartQuanta();
    }

    /// <summary>Notes that an entity waits in a queue; true when none did before.</summary>
    public bool CountWaiting() => Interlocked.Increment(ref _waiting) == 1;

    public void NoLongerWaiting() => Interlocked.Decrement(ref _waiting);

    /// <summary>Ends the open-ended runs of all workers within a quantum: somebody waits now.</summary>
    public void StartQuanta()
    {
        foreach (var slot in Workers)
        {
            if (slot is { } worker)
                worker.StartQuantum();
        }
    }

    public void BecomesIdle(Worker<TPoints> worker) => Interlocked.Or(ref _idle, 1ul << worker.Index);

    public void NoLongerIdle(Worker<TPoints> worker) => Interlocked.And(ref _idle, ~(1ul << worker.Index));

    /// <summary>Wakes one idle worker, if there is one, to take what waits.</summary>
    public void CallHelp()
    {
        var idle = Volatile.Read(ref _idle);
        while (idle != 0)
        {
            if (Volatile.Read(ref _workers[BitOperations.TrailingZeroCount(idle)]) is { } worker && worker.Gate.Call())
                return;
            idle &= idle - 1;
        }
    }

    /// <summary>Where an entity should run: where it ran last if that worker dozes, then another that dozes, then where it ran last.</summary>
    private Worker<TPoints>? Choose(ScheduleEntity entity)
    {
        var last = entity.LastWorker;
        var affinity = entity.Affinity;
        var idle = Volatile.Read(ref _idle) & affinity;
        if (idle != 0)
        {
            var place = (idle & (1ul << last)) != 0 ? last : BitOperations.TrailingZeroCount(idle);
            if (Volatile.Read(ref _workers[place]) is { } worker)
                return worker;
        }

        if ((affinity & (1ul << last)) != 0 && Volatile.Read(ref _workers[last]) is { } known)
            return known;
        Worker<TPoints>? any = null;
        foreach (ref readonly var slot in Workers)
        {
            if (Volatile.Read(in slot) is not { } worker)
                continue;
            if ((affinity & (1ul << worker.Index)) != 0)
                return worker;
            any ??= worker;
        }

        return any;
    }
}
