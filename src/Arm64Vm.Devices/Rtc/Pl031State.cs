namespace Arm64Vm.Devices.Rtc;

/// <summary>What survives a snapshot of a <see cref="Pl031"/>.</summary>
/// <param name="Offset">What the guest's clock is ahead of the wall clock, in seconds modulo 2^32.</param>
/// <param name="Match">RTCMR.</param>
/// <param name="Load">RTCLR.</param>
/// <param name="Mask">RTCIMSC.</param>
/// <param name="RawStatus">RTCRIS.</param>
/// <param name="AlarmSet">The counter has not reached <paramref name="Match"/> since it was written.</param>
/// <param name="CheckedAt">The counter when it was last compared with <paramref name="Match"/>.</param>
internal sealed record Pl031State(uint Offset, uint Match, uint Load, uint Mask, uint RawStatus, bool AlarmSet, uint CheckedAt);
