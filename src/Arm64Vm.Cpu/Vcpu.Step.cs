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
public sealed unsafe partial class Vcpu
{
    private const ulong StepEnable = 1;
    private const ulong KernelDebugEnable = 1UL << 13;
    private const uint DebugStatus = 0x22;
    private const uint StepValid = 1u << 24;

    /// <summary>An instruction was stepped since the step exception was last taken: its syndrome is valid.</summary>
    private bool _stepped;

    /// <summary>MDSCR_EL1.SS is set, the OS lock is open, and debug exceptions are enabled from the current level.</summary>
    private bool IsStepEnabled
    {
        get
        {
            ulong mdscr = Slot(SystemSlot.Mdscr);
            if ((mdscr & StepEnable) == 0 || (Slot(SystemSlot.OsLock) & 1) != 0)
                return false;
            return _state.El == 0 || ((mdscr & KernelDebugEnable) != 0 && (Daif & ProcessState.D) == 0);
        }
    }

    /// <summary>One instruction ran in single-step mode.</summary>
    private void CompleteStep()
    {
        _state.SoftwareStep = false;
        _stepped = true;
    }

    private bool RaiseSoftwareStep(ulong pc)
    {
        uint valid = _stepped ? StepValid : 0;
        _stepped = false;
        ExceptionClass exceptionClass = _state.El == 0 ? ExceptionClass.SoftwareStepLower : ExceptionClass.SoftwareStep;
        return RaiseSynchronous(Syndrome.Make(exceptionClass, valid | DebugStatus), pc);
    }
}
