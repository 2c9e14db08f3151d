namespace Arm64Vm.Devices.Virtio;

/// <summary>What survives a snapshot of a <see cref="Virtqueue"/>.</summary>
/// <param name="Size">Entries; the largest size before the driver chose.</param>
/// <param name="Ready">The driver enabled the queue.</param>
/// <param name="DescriptorTable">Physical address.</param>
/// <param name="AvailableRing">Physical address.</param>
/// <param name="UsedRing">Physical address.</param>
/// <param name="NextAvailable">Index of the next buffer to take.</param>
/// <param name="NextUsed">Index of the next used element.</param>
/// <param name="SignalledUsed">The used index when the driver was last told.</param>
internal sealed record VirtqueueState(
    ushort Size,
    bool Ready,
    ulong DescriptorTable,
    ulong AvailableRing,
    ulong UsedRing,
    ushort NextAvailable,
    ushort NextUsed,
    ushort SignalledUsed);
