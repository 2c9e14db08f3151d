namespace Arm64Vm.Cpu.Pmu;

/// <summary>Events that are counted (Arm ARM D13.11). PMCEID0_EL0 announces these and no others.</summary>
internal enum PmuEvent
{
    /// <summary>SW_INCR.</summary>
    SoftwareIncrement = 0x00,

    /// <summary>INST_RETIRED.</summary>
    Instructions = 0x08,

    /// <summary>CPU_CYCLES.</summary>
    Cycles = 0x11,

    /// <summary>CHAIN: the even-numbered counter below overflowed.</summary>
    Chain = 0x1E,
}
