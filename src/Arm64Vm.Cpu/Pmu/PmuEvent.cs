namespace Arm64Vm.Cpu.Pmu;

/// <summary>Events that are announced by PMCEID0_EL0 and PMCEID1_EL0 (Arm ARM D13.11).</summary>
/// <remarks>
/// Caches, mispredictions and stalls are not modelled: their events are there because the architecture requires them, and count nothing.
/// Instructions, branches, loads and stores are counted by the code itself, a unit at a time (<see cref="Arm64Vm.Ir.CodeEvent"/>).
/// </remarks>
internal enum PmuEvent
{
    /// <summary>SW_INCR.</summary>
    SoftwareIncrement = 0x00,

    /// <summary>L1I_TLB_REFILL: table walks for instructions.</summary>
    CodeTlbRefills = 0x02,

    /// <summary>L1D_CACHE_REFILL: never.</summary>
    DataCacheRefills = 0x03,

    /// <summary>L1D_CACHE: loads and stores.</summary>
    DataCacheAccesses = 0x04,

    /// <summary>L1D_TLB_REFILL: table walks for data.</summary>
    DataTlbRefills = 0x05,

    /// <summary>LD_RETIRED.</summary>
    Loads = 0x06,

    /// <summary>ST_RETIRED.</summary>
    Stores = 0x07,

    /// <summary>INST_RETIRED.</summary>
    Instructions = 0x08,

    /// <summary>EXC_TAKEN.</summary>
    ExceptionsTaken = 0x09,

    /// <summary>EXC_RETURN.</summary>
    ExceptionReturns = 0x0A,

    /// <summary>PC_WRITE_RETIRED: branches that were taken.</summary>
    TakenBranches = 0x0C,

    /// <summary>BR_IMMED_RETIRED: branches with an immediate, taken or not.</summary>
    ImmediateBranches = 0x0D,

    /// <summary>BR_RETURN_RETIRED.</summary>
    Returns = 0x0E,

    /// <summary>BR_MIS_PRED: never.</summary>
    Mispredictions = 0x10,

    /// <summary>CPU_CYCLES.</summary>
    Cycles = 0x11,

    /// <summary>BR_PRED: all branches.</summary>
    Predictions = 0x12,

    /// <summary>MEM_ACCESS: loads and stores.</summary>
    MemoryAccesses = 0x13,

    /// <summary>INST_SPEC: as <see cref="Instructions"/>.</summary>
    Speculated = 0x1B,

    /// <summary>CHAIN: the even-numbered counter below overflowed.</summary>
    Chain = 0x1E,

    /// <summary>BR_RETIRED: branches, taken or not.</summary>
    Branches = 0x21,

    /// <summary>BR_MIS_PRED_RETIRED: never.</summary>
    MispredictionsRetired = 0x22,

    /// <summary>STALL_FRONTEND (FEAT_PMUv3p1): never.</summary>
    FrontendStalls = 0x23,

    /// <summary>STALL_BACKEND (FEAT_PMUv3p1): never.</summary>
    BackendStalls = 0x24,

    /// <summary>L1D_TLB: loads and stores.</summary>
    DataTlbAccesses = 0x25,

    /// <summary>STALL (FEAT_PMUv3p4): never.</summary>
    Stalls = 0x3C,
}
