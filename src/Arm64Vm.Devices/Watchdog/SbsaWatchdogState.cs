namespace Arm64Vm.Devices.Watchdog;

/// <summary>What survives a snapshot of a <see cref="SbsaWatchdog"/>.</summary>
/// <param name="Status">WCS: enable, first and second signal.</param>
/// <param name="Offset">WOR, in counts.</param>
/// <param name="Compare">WCV, in counts.</param>
internal sealed record SbsaWatchdogState(uint Status, ulong Offset, ulong Compare);
