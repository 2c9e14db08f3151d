using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Pmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Parts;

/// <summary>PSTATE and the stack pointers that it chooses between: entering a handler, returning from one, and the form of both in SPSR_EL1.</summary>
/// <remarks>On the processor's thread. The guest context holds NZCV, DAIF, BTYPE and the stack pointer in use; what follows from a change of the mask is the processor's business.</remarks>
// SAFETY: the context outlives this object.
internal sealed unsafe class ProcessorMode(GuestContext* context, CpuModel model, PerformanceMonitors pmu)
{
    private const ulong FromLowerLevel = 0x400;
    private const ulong FromCurrentWithSpx = 0x200;
    private PState _state;

    /// <summary>PSTATE without what the context holds.</summary>
    public ref PState State => ref _state;

    /// <summary>PSTATE.DAIF at bits 9:6.</summary>
    public uint Daif
    {
        get => (uint)Direct(DirectRegister.InterruptMask);
        set => Direct(DirectRegister.InterruptMask) = value;
    }

    /// <summary>All of PSTATE in the form of SPSR_EL1.</summary>
    public uint Spsr => _state.ToSpsr(context->Nzcv, Daif) | (context->BranchType << PState.BranchTypeShift);

    /// <summary>SP_EL0, in use or not.</summary>
    public ref ulong StackPointer0 => ref (_state.SpSel ? ref Direct(DirectRegister.StackPointer0) : ref context->X[31]);

    /// <summary>Which group of four vectors an exception taken now goes to, as an offset from VBAR_EL1.</summary>
    public ulong VectorGroup => _state.El == 0 ? FromLowerLevel : _state.SpSel ? FromCurrentWithSpx : 0;

    /// <summary>As after a reset: EL1h with all masked, or EL0 with nothing masked.</summary>
    public void Reset(bool isUser)
    {
        _state = isUser ? default : new PState { El = 1, SpSel = true };
        Daif = isUser ? 0 : PState.DaifMask;
        context->Nzcv = 0;
        context->BranchType = 0;
    }

    /// <summary>What an exception to EL1 does to PSTATE (AArch64.TakeException).</summary>
    public void EnterHandler(ulong sctlr)
    {
        SwitchTo(el: 1, spSel: true);
        Daif = PState.DaifMask;
        _state.SoftwareStep = false;
        _state.Il = false;
        context->BranchType = 0;
        _state.Uao = false;
        _state.Dit = false;
        if (model.HasPan && (sctlr & SctlrBits.SetPrivilegedNeverOff) == 0)
            _state.Pan = true;
        _state.Ssbs = model.HasSsbs && (sctlr & SctlrBits.DefaultSsbs) != 0;
    }

    /// <summary>What ERET does to PSTATE (SetPSTATEFromPSR); PSTATE.SS is as in <paramref name="spsr"/>, for the caller to decide.</summary>
    public void ReturnTo(uint spsr)
    {
        uint fields = MaskUnimplemented(spsr);
        PState old = _state;
        _state.LoadFields(fields);
        if (PState.IsLegalReturn(spsr))
        {
            context->BranchType = (fields >> PState.BranchTypeShift) & 3;
            SwitchTo((int)(spsr >> 2) & 3, (spsr & 1) != 0);
        }
        else
        {
            // D1.4.4: the mode stays, IL makes the next instruction fault.
            _state.Pan = old.Pan;
            _state.Uao = old.Uao;
            _state.Dit = old.Dit;
            _state.Ssbs = old.Ssbs;
            context->BranchType = 0;
            _state.Il = true;
        }

        context->Nzcv = spsr & GuestFlags.All;
        Daif = spsr & PState.DaifMask;
    }

    /// <summary>Sets PSTATE but for DAIF from outside the guest; a mode that ERET could not go to leaves the mode as it is.</summary>
    public void Write(uint spsr)
    {
        uint fields = MaskUnimplemented(spsr);
        _state.LoadFields(fields);
        if (PState.IsLegalReturn(spsr))
            SwitchTo((int)(spsr >> 2) & 1, (spsr & 1) != 0);
        context->Nzcv = spsr & GuestFlags.All;
        context->BranchType = (fields >> PState.BranchTypeShift) & 3;
    }

    /// <summary>As saved: the stack pointers are where they belong already.</summary>
    public void Restore(uint spsr)
    {
        _state = default;
        _state.LoadFields(spsr);
        _state.El = (int)((spsr >> 2) & 1);
        _state.SpSel = (spsr & 1) != 0;
        context->Nzcv = spsr & GuestFlags.All;
        context->BranchType = (spsr >> PState.BranchTypeShift) & 3;
        Daif = spsr & PState.DaifMask;
    }

    /// <summary>Goes to a level and a stack: the stack pointer of the new mode into X[31] and the old one into its bank.</summary>
    public void SwitchTo(int el, bool spSel)
    {
        if (_state.SpSel != spSel)
        {
            Direct(_state.SpSel ? DirectRegister.StackPointer1 : DirectRegister.StackPointer0) = context->X[31];
            context->X[31] = Direct(spSel ? DirectRegister.StackPointer1 : DirectRegister.StackPointer0);
        }

        if (_state.El != el && pmu.DependsOnLevel)
            pmu.LevelChanged(el);
        _state.El = el;
        _state.SpSel = spSel;
    }

    /// <summary>Fields of features that are not implemented are RES0 in PSTATE.</summary>
    private uint MaskUnimplemented(uint spsr)
    {
        if (!model.HasPan)
            spsr &= ~(1u << 22);
        if (!model.HasUao)
            spsr &= ~(1u << 23);
        if (!model.HasDit)
            spsr &= ~(1u << 24);
        if (!model.HasSsbs)
            spsr &= ~(1u << 12);
        if (!model.HasBranchTargets)
            spsr &= ~(3u << PState.BranchTypeShift);
        return spsr;
    }

    private ref ulong Direct(DirectRegister register) => ref context->Direct[(int)register];
}
