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
    KeyIALow, KeyIAHigh,
    KeyIBLow, KeyIBHigh,
    KeyDALow, KeyDAHigh,
    KeyDBLow, KeyDBHigh,
    KeyGALow, KeyGAHigh,
    Count,
}
