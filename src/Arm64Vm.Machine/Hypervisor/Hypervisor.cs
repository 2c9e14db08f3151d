using System.Collections.Immutable;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine;

/// <summary>Any number of machines on few host threads: the workers that run their processors, and one thread for all their clocks.</summary>
/// <remarks>
/// Machines share nothing else. Each has a weight and a cap (<see cref="VirtualMachine.Weight"/>, <see cref="VirtualMachine.Cap"/>), which may
/// change at any moment. All members are safe from any thread.
/// </remarks>
public sealed class Hypervisor : IAsyncDisposable
{
    private ImmutableList<VirtualMachine> _machines = [];
    private readonly HypervisorMeters _meters;
    private int _named;
    private long _idleReleases;
    private bool _disposed;

    public Hypervisor(HypervisorOptions? options = null)
    {
        options ??= new HypervisorOptions();
        Scheduler = new Scheduler(new SchedulerOptions { Workers = options.Workers, Quantum = options.Quantum, Name = "arm64vm-cpu" });
        ClockThread = new ClockThread();
        _meters = new HypervisorMeters(this);
    }

    /// <summary>Something has happened to a machine. Handlers run on the thread on which it happens and must not block.</summary>
    public event Action<MachineEvent>? Changed;

    /// <summary>The machines, in the order in which they were made; those that have been disposed are no longer there.</summary>
    public IReadOnlyList<VirtualMachine> Machines => Volatile.Read(ref _machines);

    /// <summary>Host threads that run virtual processors.</summary>
    public int Workers => Scheduler.Workers;

    /// <summary>Virtual processors that want to run and wait for a worker.</summary>
    public int Waiting => Scheduler.Waiting;

    internal Scheduler Scheduler { get; }

    internal ClockThread ClockThread { get; }

    internal RegisterTables Registers { get; } = new();

    /// <summary>Times that machines, idle, have given memory back. What they dropped of the managed heap is still to be collected.</summary>
    internal long IdleReleases => Volatile.Read(ref _idleReleases);

    /// <summary>Makes a machine; see <see cref="VirtualMachine.Create(MachineConfig, Hypervisor?, string?)"/>.</summary>
    /// <param name="config">What it is.</param>
    /// <param name="name">What it is called in statistics; null: a number.</param>
    public VirtualMachine Create(MachineConfig config, string? name = null)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        return VirtualMachine.Create(config, this, name);
    }

    /// <summary>What every machine uses now.</summary>
    public IReadOnlyList<MachineUsage> GetUsage() => [.. Machines.Select(machine => machine.GetUsage())];

    /// <summary>One more worker; its index, or -1 where there are as many as can be.</summary>
    public int AddWorker() => Scheduler.AddWorker();

    /// <summary>One worker less, once what it runs comes back; false where there is no such worker, or it is the last.</summary>
    public bool RemoveWorker(int index) => Scheduler.RemoveWorker(index);

    /// <summary>Disposes every machine, then ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        foreach (var machine in Machines)
            await machine.DisposeAsync().ConfigureAwait(false);
        Close();
    }

    /// <summary>Ends the threads; there are no machines any more.</summary>
    internal void Close()
    {
        _meters.Dispose();
        Scheduler.Dispose();
        ClockThread.Dispose();
    }

    internal void CountIdleRelease() => Interlocked.Increment(ref _idleReleases);

    internal string NextName() => $"vm{Interlocked.Increment(ref _named) - 1}";

    internal void Add(VirtualMachine machine)
    {
        ImmutableInterlocked.Update(ref _machines, machines => machines.Add(machine));
        Raise(machine, MachineEventKind.Created);
    }

    internal void Remove(VirtualMachine machine)
    {
        ImmutableInterlocked.Update(ref _machines, machines => machines.Remove(machine));
        Raise(machine, MachineEventKind.Disposed);
    }

    internal void Raise(VirtualMachine machine, MachineEventKind kind) => Changed?.Invoke(new MachineEvent(machine, kind));
}
