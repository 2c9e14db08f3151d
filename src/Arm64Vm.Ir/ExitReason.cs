namespace Arm64Vm.Ir;

/// <summary>Why guest code returned to the run loop.</summary>
/// <remarks>
/// PC on return: the next instruction (<see cref="IrOp.ExitAfter"/>) for SVC, HVC, SMC, WFI, WFE, SEV and YIELD;
/// the instruction itself (<see cref="IrOp.Exit"/>) for a misaligned stack, BRK, HLT, ERET, undefined and trapped instructions.
/// </remarks>
internal enum ExitReason : byte
{
    /// <summary>PC is set; find or make the translation and continue.</summary>
    Lookup = 0,

    /// <summary>The poll word was set: an interrupt, a stop request or a shoot-down waits. PC is set.</summary>
    Poll,

    /// <summary>SVC; payload = imm16.</summary>
    SupervisorCall,

    /// <summary>HVC; payload = imm16.</summary>
    HypervisorCall,

    /// <summary>SMC; payload = imm16.</summary>
    SecureMonitorCall,

    /// <summary>BRK; payload = imm16.</summary>
    Breakpoint,

    /// <summary>HLT; payload = imm16 (0xF000 is semihosting).</summary>
    Halt,

    /// <summary>Unallocated, unsupported or disallowed encoding; payload = the instruction word.</summary>
    Undefined,

    /// <summary>SIMD&amp;FP instruction while CPACR_EL1.FPEN traps it.</summary>
    FloatTrap,

    /// <summary>ERET; payload bits 1:0: 0 = ERET, 2 = ERETAA, 3 = ERETAB.</summary>
    ExceptionReturn,

    /// <summary>WFI.</summary>
    WaitForInterrupt,

    /// <summary>WFE.</summary>
    WaitForEvent,

    /// <summary>SEV, SEVL; payload 1 = local.</summary>
    SendEvent,

    /// <summary>YIELD; payload 1: a round of a loop that waits for a store to what it loads exclusively, with PC at its start.</summary>
    Yield,

    /// <summary>BTI check failed, or PSTATE.IL was set.</summary>
    IllegalState,

    /// <summary>PC is not aligned to 4.</summary>
    PcAlignment,

    /// <summary>A load or store with SP as its base while SP is not aligned to 16 (SCTLR_EL1.SA, SA0).</summary>
    StackAlignment,

    /// <summary>The instruction after this point is on a page that could not be fetched: retry the fetch at PC and take its abort.</summary>
    FetchAbort,

    /// <summary>In single-step mode one instruction was executed; PC is the next one's, or a handler's where it raised an exception.</summary>
    SingleStep,

    // ---- Resumable: the run loop finishes the operation and comes back into the middle of the unit -----------------

    /// <summary>A memory access that the inline path could not do.</summary>
    Memory,

    /// <summary>A system register access or SYS operation.</summary>
    System,

    /// <summary>A pure IR operation to be evaluated by the interpreter's semantics.</summary>
    PureOperation,
}
