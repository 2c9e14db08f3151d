namespace Arm64Vm.Devices.Tpm;

/// <summary>What survives a snapshot of a <see cref="TpmCrb"/>; the module behind it keeps its own.</summary>
/// <param name="IsAssigned">A driver has the locality.</param>
/// <param name="IsIdle">The command buffer is not in use.</param>
/// <param name="Buffer">Command or response.</param>
internal sealed record TpmCrbState(bool IsAssigned, bool IsIdle, byte[] Buffer);
