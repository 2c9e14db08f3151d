namespace Arm64Vm.Devices.Virtio;

/// <summary>What survives a snapshot of a <see cref="VirtioMmioTransport"/>; the device behind it has a state of its own.</summary>
internal sealed record VirtioMmioState
{
    public required uint InterruptStatus { get; init; }

    public required uint DeviceFeaturesSelect { get; init; }

    public required uint DriverFeaturesSelect { get; init; }

    public required uint QueueSelect { get; init; }

    /// <summary>Null: the transport is empty.</summary>
    public required VirtioCoreState? Core { get; init; }
}
