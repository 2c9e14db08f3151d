namespace Arm64Vm.Cpu;

/// <summary>Whether a processor is switched on, as PSCI AFFINITY_INFO says it.</summary>
internal enum ProcessorPower
{
    On = 0,
    Off = 1,

    /// <summary>Told to switch on, and not there yet.</summary>
    OnPending = 2,
}
