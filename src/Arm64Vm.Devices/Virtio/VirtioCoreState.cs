namespace Arm64Vm.Devices.Virtio;

/// <summary>What survives a snapshot of a device's negotiation and queues, on any transport; the device itself has a state of its own.</summary>
internal sealed record VirtioCoreState
{
    /// <summary>The device status field.</summary>
    public required uint Status { get; init; }

    /// <summary>What the driver has accepted.</summary>
    public required ulong DriverFeatures { get; init; }

    public required uint ConfigurationGeneration { get; init; }

    public required IReadOnlyList<VirtqueueState> Queues { get; init; }
}
