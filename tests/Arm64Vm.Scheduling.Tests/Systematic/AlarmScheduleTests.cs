using Microsoft.Coyote.Runtime;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>The alarm of a worker under many schedules: whatever limits its run, the keeper looks in time.</summary>
public class AlarmScheduleTests
{
    private const int Schedules = 2000;
    private const ulong Quantum = 3_000_000;

    /// <summary>A run begins, others queue and start its quantum, the keeper hears an alarm of an earlier run, and the run asks for an alarm of its own.</summary>
    [Fact]
    public void NoLimitIsWithoutAnAlarm() => Systematic.Holds(Schedules, () =>
    {
        var (worker, entity, alarms) = Prepare();
        var owner = Systematic.Start(() =>
        {
            worker.Begin(entity, 1_000_000);
            if (entity.SetAlarm(2_000_000))
                worker.Remind(2_000_000);
        });
        Systematic.Join(owner, Systematic.Start(worker.StartQuantum), Systematic.Start(worker.Rung), Systematic.Start(worker.StartQuantum));
        Check(worker, entity, alarms);
    });

    /// <summary>The worker goes to sleep, wakes and runs something else while others start a quantum that they saw running.</summary>
    [Fact]
    public void AnAlarmIsNotPutOffOverALimit() => Systematic.Holds(Schedules, () =>
    {
        var (worker, entity, alarms) = Prepare();
        var owner = Systematic.Start(() =>
        {
            worker.RestAlarm();
            worker.Begin(entity, 1_000_000);
        });
        Systematic.Join(owner, Systematic.Start(() => { worker.StartQuantum(); worker.Remind(worker.RunDeadline); }), Systematic.Start(worker.Rung));
        Check(worker, entity, alarms);
    });

    /// <summary>The explorer would notice: a limit that is published after the look at the alarm.</summary>
    [Fact]
    public void ALimitAfterTheLookIsFound() => Systematic.Breaks(Schedules, "no alarm in time", () =>
    {
        ulong alarmAt = 5_000_000;
        var limit = ulong.MaxValue;
        var keeper = Systematic.Start(() =>
        {
            Interlocked.Exchange(ref alarmAt, 0);
            SchedulingPoint.Interleave();
            if (limit != ulong.MaxValue)
                alarmAt = limit;
        });
        var setter = Systematic.Start(() =>
        {
            var isCovered = alarmAt != 0 && alarmAt <= 6_000_000;
            SchedulingPoint.Interleave();
            limit = 6_000_000;
            if (!isCovered)
                alarmAt = limit;
        });
        Systematic.Join(keeper, setter);
        Systematic.Require(alarmAt != 0 && alarmAt <= limit, "no alarm in time");
    });

    /// <summary>The portable alarms: one that is due is heard, whenever it was set.</summary>
    [Fact]
    public void AnAlarmIsHeardByWhoIsAboutToSleep() => Systematic.Holds(Schedules, () =>
    {
        var alarms = new SleeperAlarms<ExploredPoints>(new StandingClock(), new ExploredSleeper());
        var heard = 0ul;
        var waiter = Systematic.Start(() =>
        {
            while (heard != 0b11)
                heard |= alarms.Wait();
        });
        Systematic.Join(waiter, Systematic.Start(() => alarms.Set(0, 0)), Systematic.Start(() =>
        {
            alarms.Set(1, WorkerAlarms.Off);
            alarms.Set(1, 0);
        }));
    });

    private static (Worker<ExploredPoints> Worker, ScheduleEntity Entity, NotedAlarms Alarms) Prepare()
    {
        var alarms = new NotedAlarms(new StandingClock().Nanoseconds);
        var pool = new Pool<ExploredPoints>(new StandingClock(), Quantum, 10_000_000, () => new ExploredSleeper(), alarms);
        var group = new ScheduleGroup("vm", 1_000_000);
        pool.Change(_ => [group]);
        var worker = pool.AddWorker()!;
        var entity = Entities.Make(0);
        StateMachine<ExploredPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
        StateMachine<ExploredPoints>.Move(ref entity.Word, EntityState.Queued, EntityState.Running);

        // What an earlier run has left.
        worker.Remind(1_500_000);
        return (worker, entity, alarms);
    }

    private static void Check(Worker<ExploredPoints> worker, ScheduleEntity entity, NotedAlarms alarms)
    {
        var limit = Math.Min(worker.RunDeadline, entity.Alarm);
        Systematic.Require(limit != ScheduleResult.Never, "the run has no limit");
        Systematic.Require(worker.AlarmAt != 0 && worker.AlarmAt <= limit, $"alarm at {worker.AlarmAt}, limit {limit}");
        Systematic.Require(alarms[0] == worker.AlarmAt, $"the clock is set to {alarms[0]}, not to {worker.AlarmAt}");
    }
}
