namespace Arm64Vm.Cpu.Pmu;

/// <summary>Events that are announced by PMCEID0_EL0 and PMCEID1_EL0 (Arm ARM D13.11).</summary>
/// <remarks>Caches, predictions and stalls are not modelled: their events are there because the architecture requires them, and count nothing.</remarks>
internal enum PmuEvent
{
    /// <summary>SW_INCR.</summary>
    SoftwareIncrement = 0x00,

    /// <summary>L1D_CACHE_REFILL: never.</summary>
    DataCacheRefills = 0x03,

    /// <summary>L1D_CACHE: never.</summary>
    DataCacheAccesses = 0x04,

    /// <summary>INST_RETIRED.</summary>
    Instructions = 0x08,

    /// <summary>BR_MIS_PRED: never.</summary>
    Mispredictions = 0x10,

    /// <summary>CPU_CYCLES.</summary>
    Cycles = 0x11,

    /// <summary>BR_PRED: never.</summary>
    Predictions = 0x12,

    /// <summary>CHAIN: the even-numbered counter below overflowed.</summary>
    Chain = 0x1E,

    /// <summary>STALL_FRONTEND (FEAT_PMUv3p1): never.</summary>
    FrontendStalls = 0x23,

    /// <summary>STALL_BACKEND (FEAT_PMUv3p1): never.</summary>
    BackendStalls = 0x24,

    /// <summary>STALL (FEAT_PMUv3p4): never.</summary>
    Stalls = 0x3C,
}
