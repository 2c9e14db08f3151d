using Microsoft.Coyote.Runtime;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>States, gate and pool under many schedules: what was asked for before a wake-up is done, and nobody sleeps for ever.</summary>
public class WakeScheduleTests
{
    private const int Schedules = 300;

    [Fact]
    public void AWakeUpIsNeverLostBetweenRunAndPark() => Systematic.Holds(2000, () => ParkAndWake(StateMachine<ExploredPoints>.TryPark));

    /// <summary>The explorer would notice: a park that does not see that it was woken.</summary>
    [Fact]
    public void AParkThatOverlooksAWakeUpIsFound() => Systematic.Breaks(2000, "Deadlock", () => ParkAndWake((ref int word) =>
    {
        SchedulingPoint.Interleave();
        word = (int)EntityState.Parked;
        return true;
    }));

    private delegate bool Park(ref int word);

    private sealed class Cell
    {
        public int State = (int)EntityState.Queued;
    }

    private static void ParkAndWake(Park park)
    {
        var cell = new Cell();
        var queued = 1;
        var requests = 0;
        var done = 0;
        var isOver = false;
        var worker = Systematic.Start(() =>
        {
            while (true)
            {
                Operation.PauseUntil(() => queued > 0 || isOver);
                if (queued == 0)
                    return;
                queued--;
                StateMachine<ExploredPoints>.Move(ref cell.State, EntityState.Queued, EntityState.Running);
                done = Volatile.Read(ref requests);
                SchedulingPoint.Interleave();
                if (!park(ref cell.State))
                    queued++;
            }
        });
        void Request()
        {
            Interlocked.Increment(ref requests);
            if (StateMachine<ExploredPoints>.TryWake(ref cell.State))
                queued++;
        }

        Systematic.Join(Systematic.Start(Request), Systematic.Start(Request));
        Operation.PauseUntil(() => done == 2);
        isOver = true;
        Systematic.Join(worker);
    }

    [Fact]
    public void ACallIsNeverLostBetweenTheLookAndTheSleep() => Systematic.Holds(2000, () => LookAndSleep(isBroken: false));

    /// <summary>The explorer would notice: work published after the call.</summary>
    [Fact]
    public void ACallBeforeTheWorkIsFound() => Systematic.Breaks(2000, "Deadlock", () => LookAndSleep(isBroken: true));

    private static void LookAndSleep(bool isBroken)
    {
        var gate = new SleepGate<ExploredPoints>(new ExploredSleeper());
        var work = 0;
        var done = 0;
        var sleeper = Systematic.Start(() =>
        {
            while (done < 2)
            {
                gate.Doze();
                if (work > done)
                {
                    gate.Rise();
                    done = work;
                    continue;
                }

                SchedulingPoint.Interleave();
                gate.Sleep(ulong.MaxValue);
            }
        });
        void Call()
        {
            if (isBroken)
                gate.Call();
            SchedulingPoint.Interleave();
            work++;
            if (!isBroken)
                gate.Call();
        }

        Systematic.Join(Systematic.Start(Call), Systematic.Start(Call));
        Systematic.Join(sleeper);
    }

    /// <summary>The product's worker threads, pool, queues, inboxes, states and gates, two workers, two entities that are woken from two sides; then one worker leaves.</summary>
    [Theory]
    [InlineData(ScheduleEntity.AnyWorker)]
    [InlineData(1ul)]
    public void ThePoolDoesAllThatIsAskedFor(ulong affinity) => Systematic.Holds(Schedules, () =>
    {
        var pool = new Pool<ExploredPoints>(new StandingClock(), 3_000_000, 10_000_000, () => new ExploredSleeper(), new NotedAlarms());
        var group = new ScheduleGroup("vm", 1_000_000);
        pool.Change(_ => [group]);
        Asked[] asked = [new(), new()];
        var entities = asked.Select((target, i) => new ScheduleEntity(target, group, i) { LastWorker = i, Affinity = i == 0 ? affinity : ScheduleEntity.AnyWorker }).ToArray();
        WorkerThread<ExploredPoints>[] loops = [new(pool, pool.AddWorker()!), new(pool, pool.AddWorker()!)];
        var threads = loops.Select(loop => Systematic.Start(loop.Loop)).ToArray();
        foreach (var entity in entities)
        {
            StateMachine<ExploredPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
            group.BecomesRunnable();
            pool.Enqueue(entity);
        }

        void Ask(int i)
        {
            Interlocked.Increment(ref asked[i].Requests);
            pool.Wake(entities[i]);
        }

        Systematic.Join(Systematic.Start(() => Ask(0)), Systematic.Start(() => { Ask(0); Ask(1); }));
        Operation.PauseUntil(() => asked[0].Done == 2 && asked[1].Done == 1);
        loops[0].Leave();
        Systematic.Join(threads[0]);
        Ask(0);

        // Were a count wrong, this would never come.
        Operation.PauseUntil(() => asked[0].Done == 3 && pool.Waiting == 0 && group.Runnable == 0);
        loops[1].Leave();
        Systematic.Join(threads[1]);
    });

    private sealed class Asked : ISchedulable
    {
        public int Requests;
        public int Done;
        private bool _isRunning;

        public ScheduleResult Run()
        {
            Systematic.Require(!_isRunning, "two threads in one run");
            _isRunning = true;
            Done = Volatile.Read(ref Requests);
            SchedulingPoint.Interleave();
            _isRunning = false;
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }
}
