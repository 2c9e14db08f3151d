namespace Arm64Vm.Cpu;

/// <summary>State of the performance monitors of one processor.</summary>
/// <param name="Control">PMCR_EL0, its bits that are stored.</param>
/// <param name="Enabled">PMCNTENSET_EL0.</param>
/// <param name="Interrupts">PMINTENSET_EL1.</param>
/// <param name="Overflows">PMOVSSET_EL0.</param>
/// <param name="Values">Event counters, then the cycle counter.</param>
/// <param name="Types">PMEVTYPERn_EL0, then PMCCFILTR_EL0.</param>
internal sealed record PerformanceMonitorState(ulong Control, ulong Enabled, ulong Interrupts, ulong Overflows, ulong[] Values, ulong[] Types);
