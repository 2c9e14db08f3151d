namespace Arm64Vm.Cpu.Exceptions;

/// <summary>ESR_ELx.EC (Arm ARM D24.2.40).</summary>
internal enum ExceptionClass : byte
{
    Unknown = 0x00,
    WaitForX = 0x01,
    FloatTrap = 0x07,
    BranchTarget = 0x0D,
    IllegalState = 0x0E,
    SupervisorCall = 0x15,
    HypervisorCall = 0x16,
    SecureMonitorCall = 0x17,
    SystemRegister = 0x18,
    PointerAuthentication = 0x1C,
    InstructionAbortLower = 0x20,
    InstructionAbort = 0x21,
    PcAlignment = 0x22,
    DataAbortLower = 0x24,
    DataAbort = 0x25,
    StackAlignment = 0x26,

    /// <summary>A memory copy or set whose registers are not as this processor's prologue leaves them.</summary>
    MemoryOperation = 0x27,
    SError = 0x2F,
    BreakpointLower = 0x30,
    BreakpointCurrent = 0x31,
    SoftwareStepLower = 0x32,
    SoftwareStep = 0x33,
    WatchpointLower = 0x34,
    Watchpoint = 0x35,

    /// <summary>BRK.</summary>
    SoftwareBreakpoint = 0x3C,
}

/// <summary>Which entry of a quarter of the vector table.</summary>
internal enum ExceptionVector
{
    Synchronous = 0x000,
    Irq = 0x080,
    Fiq = 0x100,
    SError = 0x180,
}
