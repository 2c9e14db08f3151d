using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Taking exceptions to EL1 and returning from them (Arm ARM D1.3).</summary>
internal sealed unsafe partial class Vcpu
{
    private const ulong FromLowerLevel = 0x400;
    private const ulong FromCurrentWithSpx = 0x200;

    /// <summary>Takes an exception to EL1 (AArch64.TakeException). ESR and FAR are set by the callers that have them.</summary>
    private void TakeException(ExceptionVector vector, ulong preferredReturn)
    {
        if (_externalStep != ExternalStep.None)
            _externalStep = ExternalStep.Done;
        ulong target = Slot(SystemSlot.Vbar) + (ulong)vector;
        target += _state.El == 0 ? FromLowerLevel : _state.SpSel ? FromCurrentWithSpx : 0;

        _processorEvents.ExceptionsTaken++;
        SetDirect(DirectRegister.SavedStatus1, ProcessorState);
        SetDirect(DirectRegister.ExceptionLink1, preferredReturn);
        SwitchStack(el: 1, spSel: true);
        ulong sctlr = Slot(SystemSlot.Sctlr);
        Daif = PState.DaifMask;
        _state.SoftwareStep = false;
        _stepping = false;
        _stepped = false;
        _state.Il = false;
        _context->BranchType = 0;
        _state.Uao = false;
        _state.Dit = false;
        if (_model.HasPan && (sctlr & SctlrBits.SetPrivilegedNeverOff) == 0)
            _state.Pan = true;
        _state.Ssbs = _model.HasSsbs && (sctlr & SctlrBits.DefaultSsbs) != 0;
        _context->Pc = target;
        if (_log != null && _log.IsEnabled(LogCategories.Exceptions))
            LogException(vector, preferredReturn, target);
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
        return RaiseSynchronous(Syndrome.DataAbort(_state.El == 0, status, isWrite, isMaintenance), pc);
    }

    private bool RaiseInstructionAbort(ulong address, int status)
    {
        SetDirect(DirectRegister.FaultAddress1, address);
        return RaiseSynchronous(Syndrome.InstructionAbort(_state.El == 0, status), address);
    }

    internal void VectorBaseWritten(ulong address) => _options.Milestones?.VectorBaseWritten(address);

    /// <summary>ERET, ERETAA and ERETAB (AArch64.ExceptionReturn).</summary>
    private void ReturnFromException(ulong kind)
    {
        ulong pc = _context->Pc;
        if (_state.El == 0)
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
        uint level = (spsr >> 2) & 3;
        bool debugEnabled = AreDebugExceptionsEnabled(_state.El, Daif);
        if (PState.IsLegalReturn(spsr))
        {
            _state.LoadFields(MaskUnimplemented(spsr));
            _context->BranchType = (MaskUnimplemented(spsr) >> PState.BranchTypeShift) & 3;
            SwitchStack((int)level, (spsr & 1) != 0);
        }
        else
        {
            // D1.4.4: the mode stays, IL makes the next instruction fault.
            PState old = _state;
            _state.LoadFields(MaskUnimplemented(spsr));
            _state.Pan = old.Pan;
            _state.Uao = old.Uao;
            _state.Dit = old.Dit;
            _state.Ssbs = old.Ssbs;
            _context->BranchType = 0;
            _state.Il = true;
        }

        _state.SoftwareStep = StepAfterReturn(debugEnabled, _state.El, spsr);
        _stepped = _stepping;
        _stepping = false;
        _context->Nzcv = spsr & 0xF000_0000;
        Daif = spsr & PState.DaifMask;
        _context->Exclusive.Address = GuestContext.InvalidTag;
        _event.Set();
        _context->Pc = target;
        if (_state.El == 0)
            _options.Milestones?.EnteringUser();
        InterruptMaskChanged();
        if (_log != null && _log.IsEnabled(LogCategories.Exceptions))
            _log.Write(LogCategories.Exceptions, $"cpu{Index} return to EL{_state.El} {target:x} spsr={spsr:x}");
    }

    /// <summary>Fields of features that are not implemented are RES0 in PSTATE.</summary>
    private uint MaskUnimplemented(uint spsr)
    {
        if (!_model.HasPan)
            spsr &= ~(1u << 22);
        if (!_model.HasUao)
            spsr &= ~(1u << 23);
        if (!_model.HasDit)
            spsr &= ~(1u << 24);
        if (!_model.HasSsbs)
            spsr &= ~(1u << 12);
        if (!_model.HasBranchTargets)
            spsr &= ~(3u << PState.BranchTypeShift);
        return spsr;
    }

    /// <summary>Puts the stack pointer of the new mode into X[31] and the old one into its bank.</summary>
    private void SwitchStack(int el, bool spSel)
    {
        if (_state.SpSel != spSel)
        {
            DirectRegister oldBank = _state.SpSel ? DirectRegister.StackPointer1 : DirectRegister.StackPointer0;
            DirectRegister newBank = spSel ? DirectRegister.StackPointer1 : DirectRegister.StackPointer0;
            SetDirect(oldBank, _context->X[31]);
            _context->X[31] = GetDirect(newBank);
        }

        if (_state.El != el && _pmu.DependsOnLevel)
            _pmu.LevelChanged(el);
        _state.El = el;
        _state.SpSel = spSel;
    }

    private void LogException(ExceptionVector vector, ulong preferredReturn, ulong target)
    {
        string detail = vector == ExceptionVector.Synchronous
            ? $"esr={GetDirect(DirectRegister.Syndrome1):x} ({(ExceptionClass)(GetDirect(DirectRegister.Syndrome1) >> 26)}) far={GetDirect(DirectRegister.FaultAddress1):x}"
            : vector.ToString();
        _log!.Write(LogCategories.Exceptions, $"cpu{Index} exception at {preferredReturn:x} spsr={GetDirect(DirectRegister.SavedStatus1):x} -> {target:x} {detail}");
    }
}
