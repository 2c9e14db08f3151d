namespace Arm64Vm.Devices.Virtio.Serial;

/// <summary>What survives a snapshot of a <see cref="VirtioSerial"/>, beside its transport's.</summary>
internal sealed record VirtioSerialState(IReadOnlyList<VirtioPortState> Ports);

/// <summary>A port of it.</summary>
/// <param name="IsOpen">A program of the guest has it open.</param>
/// <param name="Pending">What the driver has not been told yet, as flags: the port is there, its name, the host's end is open.</param>
internal sealed record VirtioPortState(bool IsOpen, byte Pending);
