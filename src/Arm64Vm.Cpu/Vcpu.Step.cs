using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu;

/// <summary>Software step (Arm ARM D2.12): with MDSCR_EL1.SS one instruction runs per return from exception, then a debug exception is taken.</summary>
/// <remarks>
/// <code>
/// step enabled   PSTATE.SS   state               what a fetch does
/// no             x           inactive            executes freely
/// yes            1           active-not-pending  executes one instruction, then PSTATE.SS := 0
/// yes            0           active-pending      takes the Software Step exception
/// </code>
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    private const ulong StepEnable = 1;
    private const ulong KernelDebugEnable = 1UL << 13;
    private const uint DebugStatus = 0x22;
    private const uint StepValid = 1u << 24;
    private const uint SteppedExclusive = 1u << 6;

    /// <summary>The instruction fetched last is being stepped.</summary>
    private bool _stepping;

    /// <summary>That instruction is a load-exclusive.</summary>
    private bool _steppingExclusive;

    /// <summary>The previous instruction was stepped: the syndrome of a step exception that follows is valid.</summary>
    private bool _stepped;

    /// <summary>MDSCR_EL1.SS is set, and debug exceptions are enabled from the current level.</summary>
    private bool IsStepEnabled => (Slot(SystemSlot.Mdscr) & StepEnable) != 0 && AreDebugExceptionsEnabled(_state.El, Daif);

    /// <summary>The instruction that was being stepped completed; nothing where none was, or where it took an exception instead.</summary>
    private void CompleteStep()
    {
        if (!_stepping)
            return;
        _stepping = false;
        _stepped = true;
        _state.SoftwareStep = false;
    }

    /// <summary>PSTATE.SS after a return to <paramref name="el"/> (DebugExceptionReturnSS): what SPSR_EL1 says only where that makes stepping begin.</summary>
    private bool StepAfterReturn(bool enabledAtSource, int el, uint spsr)
    {
        const uint Ss = 1u << 21;
        bool begins = (Slot(SystemSlot.Mdscr) & StepEnable) != 0 && !enabledAtSource && AreDebugExceptionsEnabled(el, spsr);
        return begins && (spsr & Ss) != 0;
    }

    private bool RaiseSoftwareStep(ulong pc)
    {
        uint iss = DebugStatus | (_stepped ? StepValid | (_steppingExclusive ? SteppedExclusive : 0) : 0);
        ExceptionClass exceptionClass = _state.El == 0 ? ExceptionClass.SoftwareStepLower : ExceptionClass.SoftwareStep;
        return RaiseSynchronous(Syndrome.Make(exceptionClass, iss), pc);
    }

    /// <summary>LDXR, LDXP and their acquiring forms: xx0010000x1…, L set, o2 clear.</summary>
    private static bool IsLoadExclusive(uint word) => (word & 0x3FC0_0000) == 0x0840_0000;
}
