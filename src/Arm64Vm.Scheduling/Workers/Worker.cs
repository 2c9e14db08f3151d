namespace Arm64Vm.Scheduling;

/// <summary>One worker: its queues, its timer wheel, and the choice of what runs next. <see cref="WorkerThread{TPoints}"/> drives it; tests drive it in virtual time.</summary>
/// <remarks>
/// Order of choice: entities whose group has credit (own, then others' queues and, if they are busy, inboxes), then entities whose group has none. So
/// credit orders the whole pool, not one queue, and no worker is idle while anything waits that it may run.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed partial class Worker<TPoints>
    where TPoints : struct, IInterleavingPoints
{
    /// <summary>Every so many choices an entity is taken from an equally long queue, so that those of one group get the same wherever they are queued.</summary>
    private const int MixingInterval = 8;

    private readonly Pool<TPoints> _pool;
    private readonly WorkStealingQueue<ScheduleEntity, TPoints> _credit = new();
    private readonly WorkStealingQueue<ScheduleEntity, TPoints> _debt = new();

    /// <summary>Entities that other workers may not take, both kinds.</summary>
    private readonly LocalQueue _bound = new();
    private readonly TimerWheel _wheel;
    private int _rounds;
    private int _victim;
    private int _picks;
    private bool _boundFirst;

    public Worker(Pool<TPoints> pool, int index, Sleeper sleeper)
    {
        _pool = pool;
        Index = index;
        Gate = new SleepGate<TPoints>(sleeper);
        Sleeper = sleeper;
        _wheel = new TimerWheel(pool.Clock.Nanoseconds);
    }

    /// <summary>Its place in the pool.</summary>
    public int Index { get; }

    /// <summary>What others have for it; idle workers take from it too.</summary>
    public Inbox<TPoints> Inbox { get; } = new();

    /// <summary>What others have for it and only it may take: entities with an affinity.</summary>
    public Inbox<TPoints> BoundInbox { get; } = new();

    public SleepGate<TPoints> Gate { get; }

    public Sleeper Sleeper { get; }

    /// <summary>When the first parked or throttled entity of this worker is due.</summary>
    public ulong NextDeadline => _wheel.Next;

    /// <summary>The entity to run now, in state Running; null when there is none. The worker's thread only, as all that follows.</summary>
    public ScheduleEntity? Next(ulong now)
    {
        if (_pool.IsContended)
            _pool.Accountant.Run(_pool.Groups, _pool.Present, now);
        Sort(BoundInbox.TakeAll());
        Sort(Inbox.TakeAll());
        ExpireDeadlines(now);
        FollowCredit();
        while (Take() is { } entity)
        {
            _pool.NoLongerWaiting();
            if (!IsAllowedHere(entity))
            {
                _pool.Enqueue(entity);
                continue;
            }

            if (!CapMeter.MayRun(entity.Group, now, out var until))
            {
                entity.Throttles++;
                _wheel.Set(entity, until);
                StateMachine<TPoints>.Move(ref entity.Word, EntityState.Queued, EntityState.Throttled);
                continue;
            }

            if (entity.LastWorker != Index)
            {
                entity.Migrations += entity.Runs == 0 ? 0 : 1;
                entity.LastWorker = Index;
            }

            entity.Runs++;
            StateMachine<TPoints>.Move(ref entity.Word, EntityState.Queued, EntityState.Running);

            // The move was a full fence after our queues were filled: a worker that dozed off before does show in the mask, one that does later sees them.
            if (!_credit.IsEmpty || !_debt.IsEmpty)
                _pool.CallHelp();
            return entity;
        }

        return null;
    }

    /// <summary>True when another look finds something: after dozing off, before sleeping.</summary>
    public bool SeesWork()
    {
        if (!Inbox.IsEmpty || !BoundInbox.IsEmpty || _bound.Count > 0)
            return true;
        foreach (var slot in _pool.Workers)
        {
            if (slot is { } worker && (worker.HasQueued || (worker != this && !worker.Inbox.IsEmpty)))
                return true;
        }

        return false;
    }

    /// <summary>Puts an entity in state Queued, which this worker owns, into one of its queues.</summary>
    public void Keep(ScheduleEntity entity)
    {
        if (_pool.CountWaiting())
            _pool.StartQuanta();
        Put(entity);
    }

    /// <summary>Gives away all that it holds: the worker leaves. Afterwards it takes no more.</summary>
    public void Evacuate()
    {
        _pool.Forget(this);
        PassOn(Inbox.Close());
        PassOn(BoundInbox.Close());
        while ((_credit.Take() ?? _debt.Take() ?? _bound.Take()) is { } entity)
        {
            _pool.NoLongerWaiting();
            _pool.Enqueue(entity);
        }

        // Parked entities are run once without need and park where they are then.
        while (_wheel.TakeAny() is { } entity)
        {
            if (StateMachine<TPoints>.TryMove(ref entity.Word, EntityState.Throttled, EntityState.Queued))
                _pool.Enqueue(entity);
            else
                _pool.Wake(entity);
        }
    }

    private bool HasQueued => !_credit.IsEmpty || !_debt.IsEmpty;

    private void PassOn(ScheduleEntity? entities)
    {
        while (entities is { } entity)
        {
            entities = entity.Next;
            _pool.NoLongerWaiting();
            _pool.Enqueue(entity);
        }
    }

    /// <summary>Affinity may have changed since it was queued. Where no worker is allowed, all are.</summary>
    private bool IsAllowedHere(ScheduleEntity entity)
    {
        var affinity = entity.Affinity;
        if ((affinity & (1ul << Index)) != 0)
            return true;
        foreach (var slot in _pool.Workers)
        {
            if (slot is { } worker && (affinity & (1ul << worker.Index)) != 0)
                return false;
        }

        return true;
    }

    private void Sort(ScheduleEntity? entities)
    {
        while (entities is not null)
        {
            var next = entities.Next;
            entities.Next = null;
            Put(entities);
            entities = next;
        }
    }

    private void Put(ScheduleEntity entity)
    {
        if (entity.Affinity != ScheduleEntity.AnyWorker)
            _bound.Add(entity);
        else if (entity.Group.HasCredit)
            _credit.Add(entity);
        else
            _debt.Add(entity);
    }

    private void ExpireDeadlines(ulong now)
    {
        while (_wheel.Expire(now) is { } entity)
        {
            if (StateMachine<TPoints>.TryMove(ref entity.Word, EntityState.Throttled, EntityState.Queued))
            {
                Keep(entity);
            }
            else if (StateMachine<TPoints>.TryWake(ref entity.Word))
            {
                entity.Group.BecomesRunnable();
                Keep(entity);
            }
        }
    }

    /// <summary>After credit was given: looks once at everything that waits without any.</summary>
    private void FollowCredit()
    {
        var rounds = _pool.Accountant.Rounds;
        if (rounds == _rounds)
            return;
        _rounds = rounds;
        for (var left = _debt.Count; left > 0 && _debt.Take() is { } entity; left--)
            Put(entity);
    }

    private ScheduleEntity? Take()
    {
        _boundFirst = !_boundFirst;
        if (_boundFirst && TakeBound() is { } bound)
            return bound;
        if (Balance() is { } other)
            return other;

        // Credit may have been used up since they were sorted. Each is moved once at most, as it comes with credit or goes to the other queue.
        while (_credit.Take() is { } entity)
        {
            if (entity.Group.HasCredit || (_credit.IsEmpty && _debt.IsEmpty && _bound.Count == 0))
                return entity;
            _debt.Add(entity);
        }

        return TakeBound() ?? Steal(hasCredit: true) ?? _debt.Take() ?? Steal(hasCredit: false) ?? _bound.Take();
    }

    /// <summary>The oldest bound entity, unless its group has no credit and others wait.</summary>
    private ScheduleEntity? TakeBound()
    {
        for (var left = _bound.Count; left > 0; left--)
        {
            var entity = _bound.Take()!;
            if (entity.Group.HasCredit || (_credit.IsEmpty && _debt.IsEmpty))
                return entity;
            _bound.Add(entity);
        }

        return null;
    }

    /// <summary>Takes from the next worker whose queue is longer, one entity a choice; from one as long now and then.</summary>
    private ScheduleEntity? Balance()
    {
        // One look at how many there are: a worker may be added at any time.
        var workers = _pool.Workers;
        _victim = (_victim + 1) % workers.Length;
        if (workers[_victim] is not { } victim || victim == this)
            return null;
        var own = _credit.Count;
        var others = victim._credit.Count;
        var isMixing = ++_picks % MixingInterval == 0 && own > 0 && others >= own;
        if (isMixing || (own > 0 && others > own + 1))
            return victim._credit.Take();

        // Without credit anywhere, the same for what waits without.
        if (own > 0 || others > 0 || _bound.Count > 0)
            return null;
        own = _debt.Count;
        others = victim._debt.Count;
        isMixing = _picks % MixingInterval == 0 && own > 0 && others >= own;
        return isMixing || (own > 0 && others > own + 1) ? victim._debt.Take() : null;
    }

    private ScheduleEntity? Steal(bool hasCredit)
    {
        var workers = _pool.Workers;
        for (var i = 0; i < workers.Length; i++)
        {
            var victim = workers[(_victim + i) % workers.Length];
            if (victim is null || victim == this)
                continue;
            if ((hasCredit ? victim._credit : victim._debt).Take() is { } entity)
                return entity;
            if (!hasCredit || victim.Inbox.IsEmpty)
                continue;

            // Its owner is busy: what came for it goes on here.
            Sort(victim.Inbox.TakeAll());
            if ((_credit.Take() ?? _debt.Take() ?? _bound.Take()) is { } taken)
                return taken;
        }

        return null;
    }
}
