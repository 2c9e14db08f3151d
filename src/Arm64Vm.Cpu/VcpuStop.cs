namespace Arm64Vm.Cpu;

/// <summary>What <see cref="Vcpu.RequestStop"/> asks for.</summary>
internal enum VcpuStop
{
    None,

    /// <summary>Stand still; <see cref="Vcpu.Run"/> may be called again.</summary>
    Paused = VcpuReturn.Paused,

    /// <summary>The guest switched the machine off (PSCI SYSTEM_OFF, a power-off device).</summary>
    PowerOff = VcpuReturn.PowerOff,

    /// <summary>The guest asked for a reset.</summary>
    Reset = VcpuReturn.Reset,

    /// <summary>The guest program ended through semihosting; <see cref="Vcpu.ExitCode"/> has its status.</summary>
    Exited = VcpuReturn.Exited,
}
