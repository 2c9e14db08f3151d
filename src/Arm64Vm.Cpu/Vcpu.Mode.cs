using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Cpu;

/// <summary>Instruction fetch, and the mode that generated code is specialized on.</summary>
internal sealed unsafe partial class Vcpu
{
    private const int FetchPageShift = 12;

    /// <summary>Which inline TLB data accesses use.</summary>
    private int MmuIndex => State.El == 0 ? 0 : State.Pan ? 2 : 1;

    /// <summary>CPACR_EL1.FPEN traps SIMD and FP at the current level.</summary>
    private bool IsFloatTrapped => ((Slot(SystemSlot.Cpacr) >> 20) & 3) switch
    {
        3 => false,
        1 => State.El == 0,
        _ => true,
    };

    /// <summary>Moves when context tags start over: whatever is filed under older tags must be dropped.</summary>
    public uint ContextEpoch => _stage1.Tags.Epoch;

    /// <summary>Moves when tags given out before lost their meaning.</summary>
    public uint ContextChanges => _stage1.Tags.Changes;

    public bool TryFetch(GuestContext* context, ulong address, out CodeLocation location)
    {
        location = default;
        if (_debugger.LooksAtFetches && !_debugger.MayFetch(address))
            return false;
        bool step = IsStepEnabled;
        if (step && !State.SoftwareStep)
            return RaiseSoftwareStep(address);
        if ((address & 3) != 0)
            return RaiseMisalignedPc(address);

        // Branches drop an ignored tag byte (AArch64.BranchAddr); executors fetch again from PC.
        if (_stage1.IgnoresTopByte(address, isCode: true) && PageWalker.SignExtend(address) != address)
        {
            context->Pc = PageWalker.SignExtend(address);
            return false;
        }

        bool externalStep = _debugger.TryBegin(address);
        int fault = _stage1.Translate(address, AccessType.Execute, State.El != 0, pan: false, out TlbEntry entry);
        if (fault != FaultStatus.None)
            return RaiseInstructionAbort(address, fault);

        ulong physical = _stage1.PhysicalOf(entry, address) & ~0xFFFUL;
        byte* host = _memory.Resolve(physical, out ulong available, out _);
        if (host == null || available < 1UL << FetchPageShift)
            return RaiseInstructionAbort(address, FaultStatus.ExternalAbort);

        // The order of priority is that of Arm ARM D1.3.6.1: step, PC alignment, aborts, breakpoints, illegal state.
        bool single = step || externalStep;
        if (_comparators.HasBreakpoints && _comparators.MayBreakOnPage(address))
        {
            if (IsBreakpoint(address))
                return RaiseBreakpoint(address);
            single = true;
        }

        if (State.Il)
            return RaiseSynchronous(Syndrome.Make(ExceptionClass.IllegalState), address);
        bool guarded = (entry.Flags & TlbEntryFlags.Guarded) != 0 && _model.HasBranchTargets && _stage1.IsEnabled;
        if (context->BranchType != 0)
        {
            if (guarded && !IsBranchTarget(*(uint*)(host + (address & 0xFFF)), context->BranchType))
                return RaiseSynchronous(Syndrome.Make(ExceptionClass.BranchTarget, context->BranchType), address);
            context->BranchType = 0;
        }

        if (step)
            _step.Begin(*(uint*)(host + (address & 0xFFF)));
        else
            _step.Cancel();

        if (_stage1.IsEnabled)
            _stage1.Tags.NoteFetch(entry, address);
        TranslationMode mode = CurrentMode(address, single);

        // Which pages are guarded belongs to the mapping that the tag names, so pages of both kinds can share a tag.
        ulong tag = _stage1.CodeTag(address, mode.Bits);
        if (_debugger.Points.HasBreakpoints && !externalStep)
            mode = _debugger.Points.Adjust(mode, address, physical);
        location = new CodeLocation { PhysicalPage = physical, Host = host, Mode = guarded ? mode.WithGuard() : mode, ContextTag = tag };
        return true;
    }

    /// <remarks>What a tag does not say is looked at here: steps, breakpoints, an illegal state. Permissions follow from the mode, and what is filed under a tag leaves with the translation that it was fetched through.</remarks>
    public bool TryNameContext(ulong address, out ulong tag)
    {
        tag = 0;
        if (_debugger.LooksAtFetches || _comparators.HasBreakpoints || State.Il || IsStepEnabled)
            return false;
        _step.Cancel();
        tag = _stage1.CodeTag(address, CurrentMode(address, singleStep: false).Bits);
        return true;
    }

    /// <summary>A branch to an address that is not a multiple of 4; a pending step comes first.</summary>
    private bool RaiseMisalignedPc(ulong address)
    {
        if (IsStepEnabled && !State.SoftwareStep)
            return RaiseSoftwareStep(address);
        SetDirect(DirectRegister.FaultAddress1, address);
        return RaiseSynchronous(Syndrome.Make(ExceptionClass.PcAlignment), address);
    }

    public void WatchWrites(ulong physicalPage)
    {
        byte* host = _memory.Resolve(physicalPage, out _, out bool writable);
        if (host == null || !writable)
            return;
        _shootdowns.WatchWrites(host);
    }

    /// <summary>SCTLR, TCR, TTBR or MAIR was written.</summary>
    internal void TranslationControlsChanged()
    {
        _stage1.Update(Slot(SystemSlot.Sctlr), Slot(SystemSlot.Tcr), Slot(SystemSlot.Ttbr0), Slot(SystemSlot.Ttbr1), Slot(SystemSlot.Mair));
        SetDirect(DirectRegister.SystemControl1, Slot(SystemSlot.Sctlr));
        SetDirect(DirectRegister.TranslationControl1, Slot(SystemSlot.Tcr));
        SetDirect(DirectRegister.TranslationBase0, Slot(SystemSlot.Ttbr0));
        SetDirect(DirectRegister.TranslationBase1, Slot(SystemSlot.Ttbr1));
        SetDirect(DirectRegister.ZeroBlockId0, ZeroBlockId(0));
        SetDirect(DirectRegister.ZeroBlockId1, ZeroBlockId(1));
        SetDirect(DirectRegister.CacheType, _model.Ctr);
        PointerCodesChanged();
    }

    internal void SetPan(bool value) => State.Pan = value;

    internal void SetUao(bool value) => State.Uao = value;

    internal void SetDit(bool value) => State.Dit = value;

    internal void SetSsbs(bool value) => State.Ssbs = value;

    internal void SelectStack(bool spSel) => _mode.SwitchTo(State.El, spSel);

    internal void SetDaif(uint daif)
    {
        Daif = daif;
        InterruptMaskChanged();
    }

    /// <summary>Executors fetch again after everything that may change this: exceptions, and writes of system registers and PSTATE.</summary>
    private TranslationMode CurrentMode(ulong pc, bool singleStep)
    {
        ulong sctlr = Slot(SystemSlot.Sctlr);
        TranslationMode mode = TranslationMode.Create(
            State.El,
            MmuIndex,
            (sctlr & SctlrBits.AlignmentCheck) != 0 || _stage1.IsDeviceWhenOff,
            IsFloatTrapped,
            singleStep,
            _context->Fpcr,
            pointerAuthentication: _model.HasPointerAuthentication && (sctlr & SctlrBits.EnableKeys) != 0,
            zeroTrapped: State.El == 0 && (sctlr & SctlrBits.UserZero) == 0);
        if (_pmu.CountsInstructions || _debugger.IsStepping)
            mode = mode.WithInstructionCount();
        if (_pmu.CountsEvents)
            mode = mode.WithEventCount();
        if (_model.HasMemoryOperations && State.El == 0 && (sctlr & SctlrBits.UserMemoryOperations) == 0)
            mode = mode.WithoutMemoryOperations();
        if (State.Uao && State.El != 0)
            mode = mode.WithUserOverride();
        if ((sctlr & (State.El == 0 ? SctlrBits.UserStackAlignment : SctlrBits.StackAlignment)) != 0)
            mode = mode.WithStack(aligned: (_context->X[31] & 15) == 0);
        return _executor.UsesLoadWindows && !mode.AlignmentChecked && HasLoadWindow(pc) ? mode.WithLoadWindow() : mode;
    }
}
