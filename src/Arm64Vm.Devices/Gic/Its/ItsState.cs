namespace Arm64Vm.Devices.Gic.Its;

/// <summary>What survives a snapshot of an <see cref="InterruptTranslationService"/>; its tables are in guest memory.</summary>
/// <param name="IsEnabled">GITS_CTLR.Enabled.</param>
/// <param name="CommandBase">GITS_CBASER.</param>
/// <param name="CommandWrite">GITS_CWRITER.</param>
/// <param name="CommandRead">GITS_CREADR.</param>
/// <param name="Devices">GITS_BASER0.</param>
/// <param name="Collections">GITS_BASER1.</param>
internal sealed record ItsState(bool IsEnabled, ulong CommandBase, uint CommandWrite, uint CommandRead, ulong Devices, ulong Collections);
