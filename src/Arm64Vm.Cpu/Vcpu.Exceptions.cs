using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Parts;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Taking exceptions to EL1 and returning from them (Arm ARM D1.3).</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Takes an exception to EL1 (AArch64.TakeException). ESR and FAR are set by the callers that have them.</summary>
    private void TakeException(ExceptionVector vector, ulong preferredReturn)
    {
        _debugger.ExceptionTaken();
        ulong target = Slot(SystemSlot.Vbar) + (ulong)vector + _mode.VectorGroup;
        _processorEvents.ExceptionsTaken++;
        SetDirect(DirectRegister.SavedStatus1, _mode.Spsr);
        SetDirect(DirectRegister.ExceptionLink1, preferredReturn);
        _mode.EnterHandler(Slot(SystemSlot.Sctlr));
        _step.Forget();
        _context->Pc = target;
        if (_log != null && _log.IsEnabled(LogCategories.Exceptions))
            LogException(vector, preferredReturn, target);
        if (IsTraced(TraceKinds.Exceptions))
            TraceException(vector, preferredReturn, target);
    }

    /// <summary>Takes a synchronous exception with its syndrome. Always false, for services to return.</summary>
    private bool RaiseSynchronous(ulong syndrome, ulong preferredReturn)
    {
        SetDirect(DirectRegister.Syndrome1, syndrome);
        TakeException(ExceptionVector.Synchronous, preferredReturn);
        return false;
    }

    private bool RaiseUndefined(ulong pc) => RaiseSynchronous(Syndrome.Make(ExceptionClass.Unknown), pc);

    private bool RaiseDataAbort(ulong pc, ulong address, int status, bool isWrite, bool isMaintenance = false)
    {
        SetDirect(DirectRegister.FaultAddress1, address);
        return RaiseSynchronous(Syndrome.DataAbort(State.El == 0, status, isWrite, isMaintenance), pc);
    }

    private bool RaiseInstructionAbort(ulong address, int status)
    {
        SetDirect(DirectRegister.FaultAddress1, address);
        return RaiseSynchronous(Syndrome.InstructionAbort(State.El == 0, status), address);
    }

    internal void VectorBaseWritten(ulong address) => _options.Milestones?.VectorBaseWritten(address);

    /// <summary>ERET, ERETAA and ERETAB (AArch64.ExceptionReturn).</summary>
    private void ReturnFromException(ulong kind)
    {
        ulong pc = _context->Pc;
        if (State.El == 0)
        {
            RaiseUndefined(pc);
            return;
        }

        ulong target = GetDirect(DirectRegister.ExceptionLink1);
        if (kind >= 2)
        {
            PointerAuthentication operation = kind == 2 ? PointerAuthentication.AuthIA : PointerAuthentication.AuthIB;
            if (!TryPointerAuth(_context, operation, target, StackPointer, (int)(pc - _context->PcPage), out target))
                return;
        }

        _processorEvents.ExceptionReturns++;
        uint spsr = (uint)GetDirect(DirectRegister.SavedStatus1);
        bool debugEnabled = AreDebugExceptionsEnabled(State.El, Daif);
        _mode.ReturnTo(spsr);
        bool steps = (Slot(SystemSlot.Mdscr) & StepEnable) != 0 && SoftwareStep.AfterReturn(debugEnabled, AreDebugExceptionsEnabled(State.El, spsr), spsr);
        _step.Returned(steps);
        _atomics.ClearMonitor();
        _event.Set();
        _context->Pc = target;
        if (State.El == 0)
            _options.Milestones?.EnteringUser();
        InterruptMaskChanged();
        if (_log != null && _log.IsEnabled(LogCategories.Exceptions))
            _log.Write(LogCategories.Exceptions, $"cpu{Index} return to EL{State.El} {target:x} spsr={spsr:x}");
        if (IsTraced(TraceKinds.Exceptions))
            Trace(TraceEventKind.Return, State.El, pc, target, spsr, 0, 0);
    }

    private void LogException(ExceptionVector vector, ulong preferredReturn, ulong target)
    {
        string detail = vector == ExceptionVector.Synchronous
            ? $"esr={GetDirect(DirectRegister.Syndrome1):x} ({(ExceptionClass)(GetDirect(DirectRegister.Syndrome1) >> 26)}) far={GetDirect(DirectRegister.FaultAddress1):x}"
            : vector.ToString();
        _log!.Write(LogCategories.Exceptions, $"cpu{Index} exception at {preferredReturn:x} spsr={GetDirect(DirectRegister.SavedStatus1):x} -> {target:x} {detail}");
    }
}
