using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu;

/// <summary>How one vCPU is made.</summary>
internal sealed record VcpuOptions
{
    public CpuModel Model { get; init; } = CpuModels.Max;

    /// <summary>Index among the machine's processors.</summary>
    public int Index { get; init; }

    /// <summary>Affinity fields of MPIDR_EL1 (Aff3 at 39:32, Aff2:Aff1:Aff0 at 23:0).</summary>
    public ulong Affinity { get; init; }

    /// <summary>The machine has other processors: YIELD lets them run.</summary>
    public bool HasSiblings { get; init; }

    /// <summary>What drives <see cref="Vcpu.Irq"/> and <see cref="Vcpu.Fiq"/> when <see cref="Vcpu.InterruptsChanged"/> was called; null: others drive them.</summary>
    public IInterruptSource? Interrupts { get; init; }

    /// <summary>The timers that are looked at whenever the poll word is, and whose next time is part of a wait's deadline.</summary>
    public IProcessorTimers? Timers { get; init; }

    /// <summary>What SEV reaches; null: only this processor.</summary>
    public EventBroadcast? Events { get; init; }

    /// <summary>Who schedules the vCPU; null: its caller looks by itself.</summary>
    public IVcpuWaker? Waker { get; init; }

    /// <summary>Where tables of system registers are shared with other processors; null: it has its own.</summary>
    public RegisterTables? Registers { get; init; }

    /// <summary>The GIC's CPU interface is reached through system registers (GICv3).</summary>
    public bool HasGicRegisters { get; init; } = true;

    /// <summary>HLT #0xF000 calls the host, at EL1.</summary>
    public ISemihosting? Semihosting { get; init; }

    /// <summary>At EL0 too.</summary>
    public bool HasUserSemihosting { get; init; }

    /// <summary>Answers HVC; without one HVC is undefined.</summary>
    public IHypervisorCalls? HypervisorCalls { get; init; }

    /// <summary>Data is Normal memory while the MMU is off, against the architecture, so that unaligned accesses succeed.</summary>
    public bool NormalMemoryWhenMmuOff { get; init; }

    /// <summary>Start at EL0 (user-mode test programs) instead of EL1.</summary>
    public bool StartAtEl0 { get; init; }

    /// <summary>Makes RNDR reproducible; null: the host's generator.</summary>
    public ulong? RandomSeed { get; init; }

    /// <summary>
    /// What the system counter and the performance monitors count, and WFIT waits by: guest code reads the counter by itself where it relates
    /// to the host's timestamp. Null: every read asks the timer, the performance monitors count nothing, and WFIT waits for interrupts only.
    /// </summary>
    public IVirtualClock? Clock { get; init; }

    /// <summary>Overflow interrupt of the performance monitors.</summary>
    public IInterruptLine? PmuInterrupt { get; init; }

    /// <summary>Where a debugger stops, shared with the machine's other processors and the translator; null: nowhere.</summary>
    public Debugging.DebugPoints? DebugPoints { get; init; }

    public ILogSink? Log { get; init; }

    /// <summary>Hears what the processor does; null: nobody does.</summary>
    public ITraceSink? Trace { get; init; }

    /// <summary>Hears of the stages of a boot.</summary>
    public IExecutionMilestones? Milestones { get; init; }
}
