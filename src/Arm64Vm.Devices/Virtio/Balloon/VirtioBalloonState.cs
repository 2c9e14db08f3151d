namespace Arm64Vm.Devices.Virtio.Balloon;

/// <summary>What survives a snapshot of a <see cref="VirtioBalloon"/>. What is in the balloon is the driver's to know.</summary>
/// <param name="Target">Pages that the host wants.</param>
/// <param name="Actual">Pages that the driver says it has given.</param>
internal sealed record VirtioBalloonState(uint Target, uint Actual);
