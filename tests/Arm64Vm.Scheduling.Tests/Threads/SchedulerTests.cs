using System.Diagnostics;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>The whole scheduler with its threads.</summary>
public class SchedulerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Requests from several threads to many entities, while workers come and go: all are served, and none by two threads at once.</summary>
    [Fact]
    public async Task EveryRequestIsServedWhileWorkersComeAndGo()
    {
        const int Entities = 200;
        const int Requesters = 3;
        const int Rounds = 8_000;
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 2 });
        var group = scheduler.AddGroup("stress");
        var servers = Enumerable.Range(0, Entities).Select(_ => new Server()).ToArray();
        var entities = servers.Select(server => scheduler.Add(server, group)).ToArray();
        for (var i = 0; i < Entities; i++)
        {
            if (i % 7 == 0)
                entities[i].Affinity = 1ul << (i % 3);
            scheduler.Start(entities[i]);
        }

        var requesters = Enumerable.Range(0, Requesters).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < Rounds; i++)
            {
                var which = random.Next(Entities);
                Interlocked.Increment(ref servers[which].Requests);
                scheduler.Wake(entities[which]);
            }
        })).ToArray();
        var changes = Task.Run(() =>
        {
            for (var i = 0; i < 12; i++)
            {
                var added = scheduler.AddWorker();
                Assert.True(scheduler.RemoveWorker(i % 2 == 0 ? added : 0) || scheduler.Workers == 1);
                if (scheduler.Workers < 2)
                    scheduler.AddWorker();
            }
        });
        await Task.WhenAll([.. requesters, changes]);
        Until(() => servers.All(server => Volatile.Read(ref server.Served) == Volatile.Read(ref server.Requests)), () => $"{servers.Count(server => server.Served != server.Requests)} entities were not served");
        Assert.Equal(Requesters * Rounds, servers.Sum(server => server.Served));
        Assert.DoesNotContain(servers, server => server.Overlapped);
    }

    /// <summary>A worker that looks for work sees one number of workers, however many come meanwhile: each scheduler gets its first ones while others look.</summary>
    [Fact]
    public void WorkersAreAddedWhileOthersLookForWork()
    {
        for (var round = 0; round < 40; round++)
        {
            using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1, Quantum = TimeSpan.FromMicroseconds(100) });
            var group = scheduler.AddGroup("busy");
            var spinners = Enumerable.Range(0, 3).Select(_ => new Spinner()).ToArray();
            foreach (var spinner in spinners)
                scheduler.Start(scheduler.Add(spinner, group));
            for (var i = 0; i < 5; i++)
                scheduler.AddWorker();
            Until(() => spinners.All(spinner => spinner.Runs >= 1), () => "one of them starves");
        }
    }

    [Fact]
    public void BusyEntitiesShareOneWorker()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1, Quantum = TimeSpan.FromMilliseconds(1) });
        var group = scheduler.AddGroup("busy");
        var spinners = Enumerable.Range(0, 3).Select(_ => new Spinner()).ToArray();
        foreach (var spinner in spinners)
            scheduler.Start(scheduler.Add(spinner, group));
        Until(() => spinners.All(spinner => spinner.Runs >= 5), () => "one of them starves");
    }

    [Fact]
    public void ADeadlineWakesWithoutAnybodyElse()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        var sleeper = new Ticker(scheduler, TimeSpan.FromMilliseconds(2));
        scheduler.Start(scheduler.Add(sleeper, scheduler.AddGroup("ticks")));
        Until(() => sleeper.Ticks >= 20, () => $"{sleeper.Ticks} ticks");
        Assert.False(sleeper.WasEarly);
    }

    /// <summary>A deadline of a worker that is busy with something else: the keeper lets it look.</summary>
    [Fact]
    public void ADeadlineIsKeptBesideABusyEntity()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        scheduler.Start(scheduler.Add(new Spinner(), scheduler.AddGroup("busy")));
        var sleeper = new Ticker(scheduler, TimeSpan.FromMilliseconds(2));
        scheduler.Start(scheduler.Add(sleeper, scheduler.AddGroup("ticks")));
        Until(() => sleeper.Ticks >= 20, () => $"{sleeper.Ticks} ticks");
    }

    [Fact]
    public void WhatThrowsEndsAloneAndOthersGoOn()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        var group = scheduler.AddGroup("faults");
        var faulty = new Faulty();
        var entity = scheduler.Add(faulty, group);
        scheduler.Start(entity);
        Until(() => faulty.Failure is not null, () => "not reported");
        Assert.IsType<InvalidTimeZoneException>(faulty.Failure);
        Until(() => entity.IsQuiet, () => "not quiet");
        scheduler.Remove(entity);
        var spinner = new Spinner();
        scheduler.Start(scheduler.Add(spinner, group));
        Until(() => spinner.Runs > 0, () => "the worker is gone");
    }

    [Fact]
    public void WhatIsNotFinishedCannotBeRemoved()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        var entity = scheduler.Add(new Ticker(scheduler, TimeSpan.FromSeconds(100)), scheduler.AddGroup("ticks"));
        scheduler.Start(entity);
        Assert.Throws<InvalidOperationException>(() => scheduler.Remove(entity));
    }

    [Fact]
    public void TheLastWorkerStays()
    {
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        Assert.False(scheduler.RemoveWorker(0));
        Assert.Equal(1, scheduler.AddWorker());
        Assert.True(scheduler.RemoveWorker(0));
        Assert.False(scheduler.RemoveWorker(1));
        Assert.Equal(1, scheduler.Workers);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65)]
    public void ImpossibleNumbersOfWorkersAreRefused(int workers) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Scheduler(new SchedulerOptions { Workers = workers }));

    /// <summary>On demand: 1:3 over ten seconds of a quiet host, with the threads and the clock of the product.</summary>
    [Fact]
    public async Task WeightsHoldOnThisHost()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("ARM64VM_TIMING") == "1", "timing of the host: set ARM64VM_TIMING=1 on an idle one");
        using var scheduler = new Scheduler(new SchedulerOptions { Workers = 2 });
        var one = scheduler.AddGroup("one");
        var three = scheduler.AddGroup("three");
        var capped = scheduler.AddGroup("capped");
        three.Weight = 300;
        capped.Cap = 250;

        // Its weight alone would give it more.
        capped.Weight = 1000;
        for (var i = 0; i < 2; i++)
        {
            scheduler.Start(scheduler.Add(new Spinner(), one));
            scheduler.Start(scheduler.Add(new Spinner(), three));
        }

        await Task.Delay(1000);
        var (a, b) = (one.RunTime, three.RunTime);
        await Task.Delay(10_000);
        var ratio = (three.RunTime - b) / (one.RunTime - a);
        Assert.InRange(ratio, 3 * 0.95, 3 * 1.05);

        one.Weight = 900;
        await Task.Delay(100);
        (a, b) = (one.RunTime, three.RunTime);
        await Task.Delay(1000);
        Assert.InRange((one.RunTime - a) / (three.RunTime - b), 3 * 0.95, 3 * 1.05);

        scheduler.Start(scheduler.Add(new Spinner(), capped));
        await Task.Delay(500);
        var (time, before) = (Stopwatch.StartNew(), capped.RunTime);
        await Task.Delay(5000);
        Assert.InRange((capped.RunTime - before) / time.Elapsed, 0.23, 0.27);
    }

    private static void Until(Func<bool> condition, Func<string> message)
    {
        var time = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(time.Elapsed < Patience, message());
            Thread.Sleep(1);
        }
    }

    private sealed class Server : ISchedulable
    {
        public int Requests;
        public int Served;
        public bool Overlapped;
        private int _inside;

        public ScheduleResult Run()
        {
            if (Interlocked.Exchange(ref _inside, 1) != 0)
                Overlapped = true;
            Volatile.Write(ref Served, Volatile.Read(ref Requests));
            Volatile.Write(ref _inside, 0);
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class Spinner : ISchedulable
    {
        private bool _preempted;

        public int Runs { get; private set; }

        public ScheduleResult Run()
        {
            Runs++;
            while (!Volatile.Read(ref _preempted))
                Thread.SpinWait(20);
            Volatile.Write(ref _preempted, false);
            return new ScheduleResult(ScheduleReturn.Preempted);
        }

        public void RequestPreemption() => Volatile.Write(ref _preempted, true);

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class Ticker(Scheduler scheduler, TimeSpan interval) : ISchedulable
    {
        private ulong _due;

        public int Ticks { get; private set; }

        public bool WasEarly { get; private set; }

        public ScheduleResult Run()
        {
            Ticks++;
            WasEarly |= scheduler.Now < _due;
            _due = scheduler.Now + (ulong)(interval.Ticks * 100);
            return new ScheduleResult(ScheduleReturn.Wait, _due);
        }

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class Faulty : ISchedulable
    {
        public Exception? Failure { get; private set; }

        public ScheduleResult Run() => throw new InvalidTimeZoneException("on purpose");

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure) => Failure = failure;
    }
}
