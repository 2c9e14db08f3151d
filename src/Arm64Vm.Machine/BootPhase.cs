namespace Arm64Vm.Machine;

/// <summary>A stage of a boot: from the event that defines it to the next stage, or to now.</summary>
/// <param name="Name"><c>firmware</c>, <c>kernel</c>, <c>init</c> or <c>shell</c>; see <see cref="MachineConfig.TracksPhases"/>.</param>
/// <param name="Start">Host time from power-on or reset to its beginning.</param>
/// <param name="Duration">Its host time.</param>
/// <param name="Instructions">Guest instructions executed, counted by whole translation units; null with the interpreter.</param>
/// <param name="UnitsTranslated">Translation units made.</param>
/// <param name="InstructionsTranslated">Guest instructions translated.</param>
/// <param name="Exits">Returns from guest code by reason; reasons that did not occur are left out.</param>
public sealed record BootPhase(
    string Name, TimeSpan Start, TimeSpan Duration, ulong? Instructions, long UnitsTranslated, long InstructionsTranslated, IReadOnlyList<(string Reason, ulong Count)> Exits);
