namespace Arm64Vm.Devices.Gic.Its;

/// <summary>What survives a snapshot of one processor's LPIs. Their configuration is in guest memory, and read again.</summary>
/// <param name="IsEnabled">GICR_CTLR.EnableLPIs.</param>
/// <param name="PropertyBase">GICR_PROPBASER.</param>
/// <param name="PendingBase">GICR_PENDBASER.</param>
/// <param name="Pending">One bit for each INTID, lowest first.</param>
internal sealed record LpiState(bool IsEnabled, ulong PropertyBase, ulong PendingBase, ulong[] Pending);
