namespace Arm64Vm.Scheduling.Tests;

/// <summary>The product's workers in virtual time, on one thread: every run takes exactly as long as it says, so shares can be compared with arithmetic.</summary>
internal sealed class Simulation
{
    private const ulong Quantum = 3_000_000;
    private const ulong Period = 10_000_000;
    private const ulong Start = 1_000_000_000;

    /// <summary>What a worker needs to notice a preemption and to choose anew.</summary>
    private const ulong Overhead = 2_000;

    private readonly VirtualClock _clock = new(Start);
    private readonly Lane[] _lanes;
    private int _entities;

    public Simulation(int workers)
    {
        Pool = new Pool<NoPoints>(_clock, Quantum, Period, () => new NoSleeper(), new NotedAlarms());
        _lanes = [.. Enumerable.Range(0, workers).Select(_ => new Lane(Pool.AddWorker()!))];
    }

    public Pool<NoPoints> Pool { get; }

    public ScheduleGroup Group(int weight, int cap = 0)
    {
        var group = new ScheduleGroup("vm", (long)Quantum) { Weight = weight, Cap = cap };
        Pool.Change(groups => [.. groups, group]);
        return group;
    }

    /// <summary>An entity that runs for so long and then waits for so long, in nanoseconds, again and again; 0 for the second: it never waits.</summary>
    public ScheduleEntity Entity(ScheduleGroup group, ulong busy = ulong.MaxValue, ulong idle = 0)
    {
        var entity = new ScheduleEntity(new Load(this, busy, idle), group, _entities++) { LastWorker = 0 };
        StateMachine<NoPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
        group.BecomesRunnable();
        Pool.Enqueue(entity);
        return entity;
    }

    /// <summary>Share of one worker that each group got over so many milliseconds.</summary>
    public double[] Run(int milliseconds, params ScheduleGroup[] groups)
    {
        var before = groups.Select(group => group.RunTime).ToArray();
        var end = _clock.Nanoseconds + ((ulong)milliseconds * 1_000_000);
        while (true)
        {
            var lane = _lanes.MinBy(lane => lane.Until)!;
            if (lane.Until > end)
                break;
            _clock.Nanoseconds = Math.Max(_clock.Nanoseconds, lane.Until);
            Turn(lane);
        }

        _clock.Nanoseconds = end;
        return [.. groups.Select((group, i) => (group.RunTime - before[i]).TotalMilliseconds / milliseconds)];
    }

    /// <summary>Turns of all workers, for tests that count.</summary>
    public void Turns(int turns)
    {
        for (var i = 0; i < turns; i++)
        {
            var first = _lanes[0];
            foreach (var lane in _lanes)
                first = lane.Until < first.Until ? lane : first;
            _clock.Nanoseconds = Math.Max(_clock.Nanoseconds, first.Until);
            Turn(first);
        }
    }

    private void Turn(Lane lane)
    {
        var now = _clock.Nanoseconds;
        if (lane.Running is { } entity)
        {
            var load = (Load)entity.Target;

            // A limit may have been set, or moved, while it ran.
            if (lane.EndOf(load) > now && !load.Preempted)
            {
                lane.Until = lane.EndOf(load);
                return;
            }

            lane.Running = null;
            lane.Worker.End(entity, load.ResultOf(now - lane.Began), now);
        }

        if (lane.Worker.Next(now) is { } next)
        {
            lane.Running = next;
            lane.Began = now;
            ((Load)next.Target).Preempted = false;
            lane.Worker.Begin(next, now);
            lane.Until = lane.EndOf((Load)next.Target);
        }
        else
        {
            lane.Until = Math.Min(now + 100_000, lane.Worker.NextDeadline);
        }

        // Whatever was queued or armed may have shortened the other runs.
        foreach (var other in _lanes)
        {
            if (other.Running is { } running)
                other.Until = ((Load)running.Target).Preempted ? now + Overhead : Math.Min(other.Until, other.EndOf((Load)running.Target));
        }
    }

    private sealed class Lane(Worker<NoPoints> worker)
    {
        public Worker<NoPoints> Worker => worker;

        public ScheduleEntity? Running { get; set; }

        public ulong Began { get; set; }

        public ulong Until { get; set; } = Start;

        public ulong EndOf(Load load)
        {
            var limit = worker.RunDeadline == ulong.MaxValue ? ulong.MaxValue : worker.RunDeadline + Overhead;
            var own = load.Left == ulong.MaxValue ? ulong.MaxValue : Began + load.Left;
            return Math.Min(Math.Min(limit, own), Began + 1_000_000_000);
        }
    }

    private sealed class Load : ISchedulable
    {
        private readonly Simulation _simulation;
        private readonly ulong _busy;
        private readonly ulong _idle;

        public Load(Simulation simulation, ulong busy, ulong idle) => (_simulation, _busy, _idle, Left) = (simulation, busy, idle, busy);

        public ulong Left { get; private set; }

        public bool Preempted { get; set; }

        public ScheduleResult ResultOf(ulong ran)
        {
            if (Left == ulong.MaxValue)
                return new ScheduleResult(ScheduleReturn.Preempted);
            Left -= Math.Min(ran, Left);
            if (Left > 0)
                return new ScheduleResult(ScheduleReturn.Preempted);
            Left = _busy;
            return new ScheduleResult(ScheduleReturn.Wait, _simulation._clock.Nanoseconds + _idle);
        }

        public ScheduleResult Run() => throw new NotSupportedException("the simulation runs it");

        public void RequestPreemption() => Preempted = true;

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class VirtualClock(ulong now) : ISchedulerClock
    {
        public ulong Nanoseconds { get; set; } = now;
    }

    private sealed class NoSleeper : Sleeper
    {
        public override void Sleep(ref int word, int value, ulong nanoseconds) => throw new NotSupportedException("nobody sleeps here");

        public override void Wake(ref int word)
        {
        }
    }
}
