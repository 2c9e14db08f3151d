namespace Arm64Vm.Devices.Virtio.Input;

/// <summary>What survives a snapshot of a <see cref="VirtioInput"/>, beside its transport's.</summary>
/// <param name="Select">What the driver has asked for last.</param>
/// <param name="Subselect">Of which type of events, or axis.</param>
internal sealed record VirtioInputState(byte Select, byte Subselect);
