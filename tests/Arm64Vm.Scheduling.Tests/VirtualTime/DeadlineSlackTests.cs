namespace Arm64Vm.Scheduling.Tests;

/// <summary>How long a busy worker may let a deadline of a parked entity wait before the keeper is woken.</summary>
public class DeadlineSlackTests
{
    private const ulong Now = 1_000_000;
    private const ulong Deadline = 4_000_000;
    private const ulong Quantum = 3_000_000;

    /// <summary>Deadlines are rounded up to ticks of the wheel.</summary>
    private const ulong Tick = 1 << 14;

    private readonly NotedAlarms _alarms = new(Now);
    private readonly Worker<NoPoints> _worker;
    private readonly ScheduleEntity _running = Running(1);

    public DeadlineSlackTests()
    {
        var pool = new Pool<NoPoints>(new StandingClock(), Quantum, 10_000_000, Sleeper.Create, _alarms);
        _worker = pool.AddWorker()!;
    }

    [Fact]
    public void OnAHostWhoseSleepsEndInTimeItIsATenthOfAMillisecond() => Assert.InRange(AlarmOfARun(), Deadline + 100_000, Deadline + 100_000 + Tick);

    /// <summary>Otherwise the alarm would mostly ring before the worker, which sleeps for the same deadline, has woken and put it off.</summary>
    [Fact]
    public void WhereSleepsEndLateItIsLongerByTwiceAsMuch()
    {
        for (var i = 0; i < 100; i++)
            _worker.NoteAwake(Now, Now + 80_000);
        Assert.InRange(AlarmOfARun(), Deadline + 259_000, Deadline + 260_000 + Tick);
    }

    [Fact]
    public void AHostThatStandsStillForLongDoesNotMakeItLonger()
    {
        for (var i = 0; i < 100; i++)
            _worker.NoteAwake(Now, Now + 1_000_000_000);
        Assert.InRange(AlarmOfARun(), Deadline + 100_000, Deadline + 500_000 + Tick);
    }

    [Fact]
    public void ASleepThatACallEndedSaysNothing()
    {
        for (var i = 0; i < 100; i++)
        {
            _worker.NoteAwake(Now, Now - 500_000);
            _worker.NoteAwake(ScheduleResult.Never, Now);
        }

        Assert.InRange(AlarmOfARun(), Deadline + 100_000, Deadline + 100_000 + Tick);
    }

    /// <summary>Setting an alarm costs about as much as such a run.</summary>
    [Fact]
    public void AfterManyBriefRunsItIsLongerByAQuantum()
    {
        for (var i = 0; i < 16; i++)
            RunFor(30_000);
        Assert.InRange(AlarmOfARun(), Deadline + 100_000, Deadline + 100_000 + Tick + Quantum);
        Assert.InRange(_worker.RunDeadline, Deadline + 100_000 + Quantum, Deadline + 100_000 + Quantum + Tick);
    }

    [Fact]
    public void OneLongerRunEndsThat()
    {
        for (var i = 0; i < 16; i++)
            RunFor(30_000);
        RunFor(500_000);
        RunFor(30_000);
        Assert.InRange(AlarmOfARun(), Deadline + 100_000, Deadline + 100_000 + Tick);
    }

    /// <summary>A machine that wakes now and then for a moment sets the alarm about once in a quantum, however many wakes that is.</summary>
    [Fact]
    public void BriefRunsShareAnAlarm()
    {
        const int Wakes = 640;
        const ulong Period = 300_000;
        for (var i = 0; i < 16; i++)
            RunFor(30_000);
        var now = Now;
        var sets = 0;
        var last = _worker.AlarmAt;
        for (var i = 0; i < Wakes; i++)
        {
            _worker.Begin(_running, now);
            now += 30_000;
            _worker.End(_running, new ScheduleResult(ScheduleReturn.Wait, now + Period), now);
            _worker.RestAlarm();
            sets += _worker.AlarmAt == last ? 0 : 1;
            last = _worker.AlarmAt;
            Assert.True(last > now + Period, "it rings while nobody runs");
            now += Period + Tick;
            Assert.Same(_running, _worker.Next(now));
        }

        Assert.InRange(sets, 1, (int)(Wakes * (Period + Tick + 30_000) / Quantum) + 3);
    }

    /// <summary>A run that ends while it has more to do.</summary>
    private void RunFor(ulong nanoseconds)
    {
        _worker.Begin(_running, Now);
        _worker.End(_running, new ScheduleResult(ScheduleReturn.Yield), Now + nanoseconds);
        Assert.Same(_running, _worker.Next(Now));
    }

    private static ScheduleEntity Running(int index)
    {
        var entity = Entities.Make(index);
        StateMachine<NoPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
        StateMachine<NoPoints>.Move(ref entity.Word, EntityState.Queued, EntityState.Running);
        return entity;
    }

    /// <summary>Of a run while another entity is parked until <see cref="Deadline"/>.</summary>
    private ulong AlarmOfARun()
    {
        var parked = Running(0);
        _worker.Begin(parked, Now);
        _worker.End(parked, new ScheduleResult(ScheduleReturn.Wait, Deadline), Now);
        _worker.Begin(_running, Now);
        Assert.Equal(_worker.AlarmAt, _alarms[0]);
        return _worker.AlarmAt;
    }
}
