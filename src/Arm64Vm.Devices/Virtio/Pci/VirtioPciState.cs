namespace Arm64Vm.Devices.Virtio.Pci;

/// <summary>What survives a snapshot of a <see cref="VirtioPciTransport"/>; the device behind it has a state of its own.</summary>
internal sealed record VirtioPciState
{
    public required VirtioCoreState Core { get; init; }

    /// <summary>The first 256 bytes of configuration space.</summary>
    public required byte[] Configuration { get; init; }

    public required byte[] VectorTable { get; init; }

    public required byte[] PendingVectors { get; init; }

    /// <summary>The ISR status.</summary>
    public required byte InterruptStatus { get; init; }

    public required uint DeviceFeatureSelect { get; init; }

    public required uint DriverFeatureSelect { get; init; }

    public required ushort QueueSelect { get; init; }

    public required ushort ConfigurationVector { get; init; }

    public required ushort[] QueueVectors { get; init; }
}
