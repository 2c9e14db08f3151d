namespace Arm64Vm.Cpu;

/// <summary>Why <see cref="Vcpu.Run"/> returned.</summary>
public enum VcpuStop
{
    None,

    /// <summary>Someone asked for a pause; <see cref="Vcpu.Run"/> may be called again.</summary>
    Paused,

    /// <summary>The guest switched the machine off (PSCI SYSTEM_OFF, a power-off device).</summary>
    PowerOff,

    /// <summary>The guest asked for a reset.</summary>
    Reset,

    /// <summary>The guest program ended through semihosting; <see cref="Vcpu.ExitCode"/> has its status.</summary>
    Exited,
}
