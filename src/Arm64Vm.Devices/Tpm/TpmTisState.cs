namespace Arm64Vm.Devices.Tpm;

/// <summary>What survives a snapshot of a <see cref="TpmTis"/>; the module behind it keeps its own.</summary>
/// <param name="Active">The locality that has the module, -1: none.</param>
/// <param name="Requests">A bit for each that waits for it.</param>
/// <param name="Seized">A bit for each that it was taken from.</param>
/// <param name="Phase">Where the command is.</param>
/// <param name="Message">The command, as far as it is there, or the response.</param>
/// <param name="Position">Bytes of the response that were read.</param>
/// <param name="InterruptEnable">The register of each locality.</param>
internal sealed record TpmTisState(int Active, int Requests, int Seized, TpmTisPhase Phase, byte[] Message, int Position, uint[] InterruptEnable);
