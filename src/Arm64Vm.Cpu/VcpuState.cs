namespace Arm64Vm.Cpu;

/// <summary>Everything architectural about a vCPU that a snapshot or migration must carry. Interrupt lines are driven anew by their devices.</summary>
internal sealed record VcpuState
{
    /// <summary>X0 to X30, and the current stack pointer.</summary>
    public required ulong[] X { get; init; }

    /// <summary>V0 to V31, low half first.</summary>
    public required ulong[] V { get; init; }

    public required ulong Pc { get; init; }

    /// <summary>PSTATE in the form of SPSR_EL1.</summary>
    public required uint ProcessorState { get; init; }

    public required uint Fpcr { get; init; }

    public required uint Fpsr { get; init; }

    public required bool EventRegister { get; init; }

    /// <summary>Switched off by PSCI CPU_OFF, or not yet on.</summary>
    public required bool IsOff { get; init; }

    /// <summary>PSCI CPU_ON was accepted and has not happened yet; null: not so.</summary>
    public PowerOnState? PowerOn { get; init; }

    /// <summary>Position in the reproducible random sequence; unused with the host's generator.</summary>
    public required ulong RandomPosition { get; init; }

    /// <summary>Banked stack pointers and the other registers kept beside the general ones, by their index.</summary>
    public required ulong[] Direct { get; init; }

    /// <summary>Performance monitors.</summary>
    public required PerformanceMonitorState PerformanceMonitors { get; init; }

    /// <summary>System registers with storage: encoding and value.</summary>
    public required KeyValuePair<ushort, ulong>[] SystemRegisters { get; init; }
}

/// <summary>How a processor that is told to switch on will start.</summary>
/// <param name="Entry">PC.</param>
/// <param name="Context">X0.</param>
internal sealed record PowerOnState(ulong Entry, ulong Context);
