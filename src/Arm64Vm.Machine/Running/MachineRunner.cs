using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Machine.Board;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine.Running;

/// <summary>Runs the vCPUs of one machine on a scheduler, from one stop to the next.</summary>
/// <remarks>
/// Each run makes new entities, because an entity that is finished does not come back; between runs there is nothing to wake, and what is
/// asked of a vCPU then stays in its poll word. A vCPU that waits parks as its <see cref="IVcpuWaker"/> contract says: every request is
/// followed by a wake-up, and the scheduler loses none.
/// </remarks>
internal sealed class MachineRunner : IVcpuWaker
{
    private readonly Scheduler _scheduler;
    private readonly IVirtualClock _clock;
    private readonly ScheduleEntity?[] _entities;
    private readonly RunAlarm?[] _alarms;
    private int _stalls;

    public MachineRunner(Scheduler scheduler, string name, int vcpus, IVirtualClock clock)
    {
        _scheduler = scheduler;
        _clock = clock;
        _entities = new ScheduleEntity?[vcpus];
        _alarms = new RunAlarm?[vcpus];
        Group = scheduler.AddGroup(name);
    }

    /// <summary>Called when the machine, idle, has given memory back. On a worker.</summary>
    public Action? GaveBack { get; set; }

    /// <summary>Weight and cap of the machine.</summary>
    public ScheduleGroup Group { get; }

    /// <summary>A console cannot take more: no processor runs guest code.</summary>
    public bool IsStalled => Volatile.Read(ref _stalls) > 0;

    /// <summary>An alarm for a vCPU's timers that costs no other thread's time: its scheduler's. Null where the machine's clock does not follow the host's.</summary>
    public Func<Action, IVirtualTimer>? AlarmOf(int index) =>
        _clock is SystemClock ? expired => _alarms[index] = new RunAlarm(_scheduler, _clock, expired) : null;

    /// <inheritdoc/>
    public void Wake(int index)
    {
        if (Volatile.Read(ref _entities[index]) is { } entity)
            _scheduler.Wake(entity);
    }

    /// <summary>Lets the processors stand, or go on. Calls with true and false come in pairs.</summary>
    public void Stall(bool stands)
    {
        if (stands)
        {
            Interlocked.Increment(ref _stalls);
            foreach (ref var place in _entities.AsSpan())
            {
                if (Volatile.Read(ref place) is { } entity)
                    _scheduler.Preempt(entity);
            }
        }
        else if (Interlocked.Decrement(ref _stalls) == 0)
        {
            for (var i = 0; i < _entities.Length; i++)
                Wake(i);
        }
    }

    /// <summary>Does something that blocks, such as waiting for a key, on the calling vCPU's worker, with another worker in its place.</summary>
    public T Block<T>(Func<T> wait)
    {
        var substitute = _scheduler.AddWorker();
        try
        {
            return wait();
        }
        finally
        {
            if (substitute >= 0)
                ThreadPool.UnsafeQueueUserWorkItem(static run => run.Scheduler.RemoveWorker(run.Index), (Scheduler: _scheduler, Index: substitute), preferLocal: false);
        }
    }

    /// <summary>What the processors have done since they were started last; null for those that do not run.</summary>
    public EntityStatistics?[] Statistics => [.. _entities.Select(entity => entity?.Statistics)];

    /// <summary>Runs all processors until one stops, then stops the others too; completes when all stand.</summary>
    /// <param name="vcpus">The processors.</param>
    /// <param name="memory">What they give back when all are idle; null: nothing.</param>
    /// <returns>What was asked for; a pause counts least.</returns>
    /// <exception cref="InvalidOperationException">A processor failed.</exception>
    public async Task<VcpuReturn> RunAsync(IReadOnlyList<Vcpu> vcpus, IdleMemory? memory = null)
    {
        var round = new Round(this, vcpus);
        var entities = new ScheduleEntity[vcpus.Count];

        // In virtual time runs are the same each time.
        var idle = memory is null || _clock is not SystemClock ? null : new IdleDuty(memory, vcpus.Count, index => _entities[index]?.RunNanoseconds ?? 0, Wake, GaveBack);
        for (var i = 0; i < entities.Length; i++)
        {
            entities[i] = _scheduler.Add(new VcpuSeat(round, vcpus[i], _scheduler, _clock, _alarms[i], idle), Group);
            _alarms[i]?.Attach(entities[i]);
            Volatile.Write(ref _entities[i], entities[i]);
        }

        foreach (var entity in entities)
            _scheduler.Start(entity);
        await round.Ended.ConfigureAwait(false);
        for (var i = 0; i < entities.Length; i++)
        {
            // A thread that was about to preempt it is in a call of a few instructions.
            SpinWait.SpinUntil(() => entities[i].IsQuiet);
            Volatile.Write(ref _entities[i], null);
            _scheduler.Remove(entities[i]);
        }

        return round.End;
    }

    /// <summary>The machine is gone.</summary>
    public void Close() => _scheduler.RemoveGroup(Group);

    /// <summary>What the processors of one run share.</summary>
    internal sealed class Round(MachineRunner runner, IReadOnlyList<Vcpu> vcpus)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = vcpus.Count;
        private int _end = (int)VcpuReturn.Paused;
        private bool _isStopping;
        private Exception? _failure;

        public Task Ended => _ended.Task;

        public VcpuReturn End => (VcpuReturn)Volatile.Read(ref _end);

        public bool IsStopping => Volatile.Read(ref _isStopping);

        public bool IsStalled => runner.IsStalled;

        public void Wake(int index) => runner.Wake(index);

        /// <summary>A processor was asked to stop.</summary>
        public void Stopped(VcpuReturn reason)
        {
            int end;
            while (Weight(reason) > Weight((VcpuReturn)(end = Volatile.Read(ref _end))) && Interlocked.CompareExchange(ref _end, (int)reason, end) != end)
            {
            }

            StopOthers();
        }

        /// <summary>A processor stands.</summary>
        public void Left(Exception? failure)
        {
            if (failure is not null)
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
                StopOthers();
            }

            if (Interlocked.Decrement(ref _left) != 0)
                return;
            if (_failure is { } first)
                _ended.TrySetException(new InvalidOperationException("A virtual processor failed: " + first.Message, first));
            else
                _ended.TrySetResult();
        }

        /// <summary>A pause gives way to a debugger's stop, which shows again, and both to what the guest did.</summary>
        private static int Weight(VcpuReturn reason) => reason switch
        {
            VcpuReturn.Paused => 0,
            VcpuReturn.Debug => 1,
            _ => 2,
        };

        private void StopOthers()
        {
            // Not by RequestStop: a request to a vCPU that has stopped already would stop the next run.
            if (Interlocked.Exchange(ref _isStopping, true))
                return;
            runner.Group.ForgiveDebt();
            for (var i = 0; i < vcpus.Count; i++)
            {
                vcpus[i].RequestQuantumEnd();
                runner.Wake(i);
            }
        }
    }
}
