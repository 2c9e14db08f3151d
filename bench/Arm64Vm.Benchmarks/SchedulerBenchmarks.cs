using System.Threading.Channels;
using Arm64Vm.Scheduling;
using BenchmarkDotNet.Attributes;

namespace Arm64Vm.Benchmarks;

/// <summary>The scheduler's parts, beside <see cref="System.Threading.Channels"/> and the thread pool where they do the same work.</summary>
[MemoryDiagnoser]
public class SchedulerBenchmarks
{
    private const int Batch = 64;

    private readonly WorkStealingQueue<ScheduleEntity, NoPoints> queue = new();
    private readonly Inbox<NoPoints> inbox = new();
    private readonly Channel<ScheduleEntity> channel = Channel.CreateUnbounded<ScheduleEntity>(new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });
    private readonly ScheduleEntity[] entities = new ScheduleEntity[Batch];
    private Pool<NoPoints> pool = null!;
    private Worker<NoPoints> worker = null!;
    private ScheduleEntity parked = null!;
    private ScheduleEntity busy = null!;
    private Worker<NoPoints> busyWorker = null!;
    private readonly Worker<NoPoints>[] stealing = new Worker<NoPoints>[2];
    private ScheduleEntity stolen = null!;
    private int turn;
    private ulong now;
    private Scheduler scheduler = null!;
    private Answer answer = null!;
    private ScheduleEntity answering = null!;
    private PoolItem item = null!;
    private Task reading = Task.CompletedTask;
    private Channel<int> requests = null!;
    private int served;

    [GlobalSetup]
    public void Setup()
    {
        var group = new ScheduleGroup("bench", 1_000_000);
        for (int i = 0; i < Batch; i++)
            entities[i] = new ScheduleEntity(new Nothing(), group, i);
        (pool, worker, parked) = Prepare(ScheduleReturn.Wait);
        (_, busyWorker, busy) = Prepare(ScheduleReturn.Preempted);
        (Pool<NoPoints> shared, stealing[0], stolen) = Prepare(ScheduleReturn.Preempted);
        stealing[1] = shared.AddWorker()!;
        scheduler = new Scheduler(new SchedulerOptions { Workers = 1 });
        answer = new Answer();
        answering = scheduler.Add(answer, scheduler.AddGroup("bench"));
        scheduler.Start(answering);
        item = new PoolItem();
        requests = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });
        reading = ReadAsync();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        scheduler.Dispose();
        requests.Writer.Complete();
        reading.Wait();
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public int QueueAddAndTake()
    {
        foreach (ScheduleEntity entity in entities)
            queue.Add(entity);
        int taken = 0;
        while (queue.Take() is not null)
            taken++;
        return taken;
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public int InboxAddAndTakeAll()
    {
        foreach (ScheduleEntity entity in entities)
            inbox.TryAdd(entity);
        int taken = 0;
        for (ScheduleEntity? entity = inbox.TakeAll(); entity is not null; entity = entity.Next)
            taken++;
        return taken;
    }

    [Benchmark(OperationsPerInvoke = Batch)]
    public int ChannelWriteAndRead()
    {
        foreach (ScheduleEntity entity in entities)
            channel.Writer.TryWrite(entity);
        int taken = 0;
        while (channel.Reader.TryRead(out _))
            taken++;
        return taken;
    }

    /// <summary>Wake, choose, run, park: all that the scheduler does for an interrupt to a waiting processor but the host's threads.</summary>
    [Benchmark]
    public void WakeRunAndPark()
    {
        now += 1_000;
        pool.Wake(parked);
        ScheduleEntity entity = worker.Next(now)!;
        worker.Begin(entity, now);
        worker.End(entity, new ScheduleResult(ScheduleReturn.Wait), now);
    }

    /// <summary>The same with a deadline that is set and has passed at the next round.</summary>
    [Benchmark]
    public void DeadlineRunAndPark()
    {
        now += 1_000_000;
        pool.Wake(parked);
        ScheduleEntity entity = worker.Next(now)!;
        worker.Begin(entity, now);
        worker.End(entity, new ScheduleResult(ScheduleReturn.Wait, now + 500_000), now);
    }

    /// <summary>The end of a quantum: what runs is queued, the next is chosen.</summary>
    [Benchmark]
    public void Quantum()
    {
        now += 3_000_000;
        busyWorker.End(busy, new ScheduleResult(ScheduleReturn.Preempted), now);
        ScheduleEntity entity = busyWorker.Next(now)!;
        busyWorker.Begin(entity, now);
    }

    /// <summary>The end of a quantum, after which the other worker, which has nothing to do, takes what was queued here.</summary>
    [Benchmark]
    public void QuantumAndSteal()
    {
        now += 3_000_000;
        (Worker<NoPoints> from, Worker<NoPoints> to) = (stealing[turn], stealing[turn ^ 1]);
        from.End(stolen, new ScheduleResult(ScheduleReturn.Preempted), now);
        ScheduleEntity entity = to.Next(now)!;
        to.Begin(entity, now);
        turn ^= 1;
    }

    /// <summary>From one thread to another and back; the worker may be asleep.</summary>
    [Benchmark]
    public void WakeAcrossThreads()
    {
        int target = Volatile.Read(ref answer.Served) + 1;
        scheduler.Wake(answering);
        SpinUntil(ref answer.Served, target);
    }

    [Benchmark]
    public void ThreadPoolAcrossThreads()
    {
        int target = Volatile.Read(ref item.Served) + 1;
        ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
        SpinUntil(ref item.Served, target);
    }

    [Benchmark]
    public void ChannelAcrossThreads()
    {
        int target = Volatile.Read(ref served) + 1;
        requests.Writer.TryWrite(target);
        SpinUntil(ref served, target);
    }

    private static void SpinUntil(ref int word, int target)
    {
        while (Volatile.Read(ref word) < target)
            Thread.SpinWait(1);
    }

    private static (Pool<NoPoints> Pool, Worker<NoPoints> Worker, ScheduleEntity Entity) Prepare(ScheduleReturn state)
    {
        var pool = new Pool<NoPoints>(new Standing(), 3_000_000, 10_000_000, Sleeper.Create, WorkerAlarms.Create(new Standing()));
        ScheduleGroup group = new("bench", 1_000_000);
        pool.Change(_ => [group]);
        Worker<NoPoints> worker = pool.AddWorker()!;
        var entity = new ScheduleEntity(new Nothing(), group, 0);
        StateMachine<NoPoints>.Move(ref entity.Word, EntityState.Created, EntityState.Queued);
        group.BecomesRunnable();
        pool.Enqueue(entity);
        worker.Begin(worker.Next(0)!, 0);
        if (state == ScheduleReturn.Wait)
            worker.End(entity, new ScheduleResult(ScheduleReturn.Wait), 0);
        return (pool, worker, entity);
    }

    private async Task ReadAsync()
    {
        while (await requests.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (requests.Reader.TryRead(out int value))
                Volatile.Write(ref served, value);
        }
    }

    private sealed class Nothing : ISchedulable
    {
        public ScheduleResult Run() => new(ScheduleReturn.Wait);

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class Answer : ISchedulable
    {
        public int Served;

        public ScheduleResult Run()
        {
            Volatile.Write(ref Served, Served + 1);
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        public void RequestPreemption()
        {
        }

        public void Finished(Exception? failure)
        {
        }
    }

    private sealed class PoolItem : IThreadPoolWorkItem
    {
        public int Served;

        public void Execute() => Volatile.Write(ref Served, Served + 1);
    }

    private sealed class Standing : ISchedulerClock
    {
        public ulong Nanoseconds => 0;
    }
}
