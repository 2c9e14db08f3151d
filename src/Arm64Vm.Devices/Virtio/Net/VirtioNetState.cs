namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>What survives a snapshot of a <see cref="VirtioNet"/>. Its configuration is made anew, and frames are the network's.</summary>
/// <param name="Pairs">Pairs of queues that the driver uses.</param>
internal sealed record VirtioNetState(int Pairs);
