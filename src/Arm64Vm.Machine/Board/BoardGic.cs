using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;
using Arm64Vm.Devices.Gic.Its;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Board;

/// <summary>The interrupt controller of either version at its place on the board.</summary>
internal sealed class BoardGic
{
    private readonly InterruptController _controller;

    private BoardGic(InterruptController controller, IReadOnlyList<ISystemRegisterDevice> systemRegisters) =>
        (_controller, SystemRegisters) = (controller, systemRegisters);

    /// <summary>Where message-signalled interrupts go.</summary>
    public required IMsiTarget Messages { get; init; }

    /// <summary>The CPU interface of a GICv3.</summary>
    public IReadOnlyList<ISystemRegisterDevice> SystemRegisters { get; }

    public static BoardGic Create(MachineParts parts, PhysicalBus bus, IGuestMemory memory)
    {
        var config = parts.Config;
        if (config.Gic == GicVersion.V2)
        {
            var v2 = new GicV2(config.Cpus, config.Log);
            bus.Map(MemoryMap.GicDistributor, "gic distributor", v2.Distributor, isThreadSafe: true);
            bus.Map(MemoryMap.GicCpuInterface, "gic cpu interface", v2.CpuInterfaces, isThreadSafe: true);
            return new BoardGic(v2, []) { Messages = AddV2m(v2, bus) };
        }

        var board = parts.Describe();
        var affinities = new ulong[config.Cpus];
        for (var cpu = 0; cpu < affinities.Length; cpu++)
            affinities[cpu] = board.Affinity(cpu);
        var v3 = new GicV3(affinities, config.Log);
        var redistributors = MemoryMap.GicRedistributors with { Size = (ulong)config.Cpus * MemoryMap.RedistributorStride };
        bus.Map(MemoryMap.GicDistributor, "gic distributor", v3.Distributor, isThreadSafe: true);
        bus.Map(redistributors, "gic redistributors", v3.Redistributors, isThreadSafe: true);
        return new BoardGic(v3, [v3]) { Messages = board.HasIts ? AddIts(v3, bus, memory, config.Log) : AddV2m(v3, bus) };
    }

    /// <summary>What processors look at.</summary>
    public IInterruptSource Source => _controller;

    /// <summary>What is enabled, pending or active for a processor, for people.</summary>
    public IEnumerable<(int Id, string State)> List(int processor) => _controller.List(processor);

    /// <summary>Tells a trace of interrupts that processors take.</summary>
    public void Trace(ITraceSink trace, IVirtualClock clock) => _controller.Acknowledged = (processor, id, priority) =>
        trace.Write(new TraceEvent(TraceEventKind.Interrupt, processor, 1, clock.Nanoseconds, 0, 0, 0, (ulong)priority, id));

    public IInterruptLine Spi(int number) => _controller.SharedLine(number);

    public IInterruptLine Ppi(int cpu, int number) => _controller.PrivateLine(cpu, number);

    /// <summary>Connects the outputs. Accesses to a GICv2's banked registers come from the thread that runs the processor.</summary>
    public void Connect(IReadOnlyList<Vcpu> vcpus)
    {
        foreach (var vcpu in vcpus)
            _controller.Connect(vcpu.Index, vcpu.Irq, vcpu.Fiq, vcpu.InterruptsChanged);
        if (_controller is GicV2 v2 && vcpus.Count > 1)
            v2.CurrentProcessor = () => Math.Max(0, IndexOfRunning(vcpus));
    }

    private static InterruptTranslationService AddIts(GicV3 gic, PhysicalBus bus, IGuestMemory memory, ILogSink? log)
    {
        var lpis = new LpiRedistributors(gic.Processors, memory, gic.Attend);
        gic.Lpis = lpis;
        var its = new InterruptTranslationService(MemoryMap.GicIts.Base, memory, lpis, log);
        bus.Map(MemoryMap.GicIts, "gic its", its, isThreadSafe: true);
        return its;
    }

    private static GicV2m AddV2m(InterruptController gic, PhysicalBus bus)
    {
        var lines = Enumerable.Range(BoardInterrupts.V2mFirstSpi, BoardInterrupts.V2mSpiCount).Select(gic.SharedLine);
        var frame = new GicV2m(MemoryMap.GicV2m.Base, BoardInterrupts.FirstSpi + BoardInterrupts.V2mFirstSpi, [.. lines]);
        bus.Map(MemoryMap.GicV2m, "gic v2m", frame, isThreadSafe: true);
        return frame;
    }

    private static int IndexOfRunning(IReadOnlyList<Vcpu> vcpus)
    {
        for (var i = 0; i < vcpus.Count; i++)
        {
            if (vcpus[i].IsRunningHere)
                return i;
        }

        return -1;
    }
}
