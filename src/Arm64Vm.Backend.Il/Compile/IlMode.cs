namespace Arm64Vm.Backend.Il;

/// <summary>What the compiler needs to know about the processor's mode to specialize code.</summary>
/// <param name="ExceptionLevel">0 or 1.</param>
/// <param name="MmuIndex">Software TLB that loads and stores use.</param>
/// <param name="AlignmentChecked">Unaligned accesses go to the slow path, which faults.</param>
/// <param name="Fpcr">FPCR bits that select semantics.</param>
/// <param name="ZeroTrapped">DC ZVA traps.</param>
/// <param name="PointerAuthentication">The processor has pointer authentication keys, and some are in use.</param>
/// <param name="CountsInstructions">Code counts its guest instructions, a block at a time.</param>
/// <param name="StepsUnits">Every unit comes back to the run loop.</param>
/// <param name="IsCareful">Floating-point operations never leave: whatever the result is, it and FPSR are found on the way.</param>
internal readonly record struct IlMode(
    int ExceptionLevel, int MmuIndex, bool AlignmentChecked, uint Fpcr, bool ZeroTrapped = false, bool PointerAuthentication = false,
    bool CountsInstructions = false, bool StepsUnits = false, bool IsCareful = false);
