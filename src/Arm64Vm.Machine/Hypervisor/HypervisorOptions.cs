namespace Arm64Vm.Machine;

/// <summary>How a <see cref="Hypervisor"/> is made.</summary>
public sealed record HypervisorOptions
{
    /// <summary>Host threads that run virtual processors; 0: one per processor of the host.</summary>
    public int Workers { get; init; }

    /// <summary>How long a virtual processor runs while others wait.</summary>
    public TimeSpan Quantum { get; init; } = TimeSpan.FromMilliseconds(3);
}
