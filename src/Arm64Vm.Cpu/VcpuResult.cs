namespace Arm64Vm.Cpu;

/// <summary>What <see cref="Vcpu.Run"/> returned for.</summary>
internal enum VcpuReturn
{
    /// <summary>Someone asked for it (<see cref="Vcpu.RequestQuantumEnd"/>); there is more to run.</summary>
    Quantum,

    /// <summary>The guest spins: there is more to run, but another processor of the machine may have what it waits for.</summary>
    Yield,

    /// <summary>WFI or WFIT: nothing to run until a wake-up or the deadline.</summary>
    WaitForInterrupt,

    /// <summary>WFE or WFET: nothing to run until a wake-up or the deadline.</summary>
    WaitForEvent,

    /// <summary>Switched off: nothing to run until PSCI CPU_ON or a stop wakes it.</summary>
    Off,

    /// <summary>Someone asked for a pause.</summary>
    Paused,

    /// <summary>The guest switched the machine off (PSCI SYSTEM_OFF, a power-off device).</summary>
    PowerOff,

    /// <summary>The guest asked for a reset.</summary>
    Reset,

    /// <summary>The guest program ended through semihosting; <see cref="Vcpu.ExitCode"/> has its status.</summary>
    Exited,

    /// <summary>A debugger wants to look: <see cref="Vcpu.DebugStop"/> says why. It comes back with it again until <see cref="Vcpu.PrepareForDebugger"/>.</summary>
    Debug,
}

/// <summary>Why a vCPU came back to its scheduler, and when it must run again.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Deadline">Nanoseconds of the machine's clock at which a vCPU that waits must be run again; null: only a wake-up.</param>
internal readonly record struct VcpuResult(VcpuReturn Reason, ulong? Deadline = null)
{
    /// <summary>It has nothing to run until a wake-up or the deadline.</summary>
    public bool IsWaiting => Reason is VcpuReturn.WaitForInterrupt or VcpuReturn.WaitForEvent or VcpuReturn.Off;

    /// <summary>A stop was asked for, by the guest or from outside.</summary>
    public bool IsStop => Reason >= VcpuReturn.Paused;
}
