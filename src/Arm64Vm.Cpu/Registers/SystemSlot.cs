namespace Arm64Vm.Cpu.Registers;

/// <summary>Storage of system registers that the processor itself looks at.</summary>
internal enum SystemSlot
{
    Sctlr,
    Tcr,
    Ttbr0,
    Ttbr1,
    Mair,
    Vbar,
    Cpacr,
    Cntkctl,
    Mdscr,
    Par,
    Csselr,
    OsLock,
    PmuSelect,
    PmuUserEnable,

    /// <summary>DBGBVR0_EL1, DBGBCR0_EL1, DBGBVR1_EL1 …</summary>
    FirstBreakpoint,

    /// <summary>DBGWVR0_EL1, DBGWCR0_EL1, DBGWVR1_EL1 …</summary>
    FirstWatchpoint = FirstBreakpoint + (2 * Debugging.DebugComparators.Breakpoints),
    AfterWatchpoints = FirstWatchpoint + (2 * Debugging.DebugComparators.Watchpoints) - 1,
    Count,
}
