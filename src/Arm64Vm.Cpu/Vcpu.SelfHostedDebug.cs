using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Parts;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Debug exceptions of the guest's own: breakpoints, watchpoints (Arm ARM D2.8, D2.9) and software step (<see cref="SoftwareStep"/>).</summary>
/// <remarks>
/// Breakpoints and watchpoints cost nothing while none is enabled, and little beyond their pages otherwise: code on a page with a breakpoint is translated one
/// instruction at a time and so fetched through <see cref="TryFetch"/>, which compares; a page with a watchpoint never enters the inline
/// TLB, so that its accesses come to the slow path, which compares.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    private const ulong StepEnable = 1;
    private const ulong KernelDebugEnable = 1UL << 13;
    private const ulong MonitorDebugEnable = 1UL << 15;
    private const uint DebugStatus = 0x22;
    private readonly DebugComparators _comparators = new();

    /// <summary>MDSCR_EL1, OSLAR_EL1 or a register of a breakpoint or watchpoint was written.</summary>
    internal void DebugControlsChanged()
    {
        bool before = _comparators.HasBreakpoints || _comparators.HasWatchpoints;
        bool enabled = (Slot(SystemSlot.Mdscr) & MonitorDebugEnable) != 0 && (Slot(SystemSlot.OsLock) & 1) == 0;
        ReadOnlySpan<ulong> slots = _slots;
        _comparators.Update(
            slots.Slice((int)SystemSlot.FirstBreakpoint, 2 * DebugComparators.Breakpoints),
            slots.Slice((int)SystemSlot.FirstWatchpoint, 2 * DebugComparators.Watchpoints),
            enabled);
        if (!before && !_comparators.HasBreakpoints && !_comparators.HasWatchpoints)
            return;

        // Names of code contexts include the mode, which is another one on pages with breakpoints; jumps that know the old names miss.
        _stage1.Inline.FlushAll();
        _stage1.Tags.InvalidateAll();
    }

    /// <summary>Debug exceptions can be taken from a level (AArch64.GenerateDebugExceptionsFrom), as far as the OS lock and MDSCR_EL1.KDE decide.</summary>
    private bool AreDebugExceptionsEnabled(int el, ulong daif)
    {
        if ((Slot(SystemSlot.OsLock) & 1) != 0)
            return false;
        return el == 0 || ((Slot(SystemSlot.Mdscr) & KernelDebugEnable) != 0 && (daif & PState.D) == 0);
    }

    /// <summary>MDSCR_EL1.SS is set, and debug exceptions are enabled from the current level.</summary>
    private bool IsStepEnabled => (Slot(SystemSlot.Mdscr) & StepEnable) != 0 && AreDebugExceptionsEnabled(State.El, Daif);

    private bool RaiseSoftwareStep(ulong pc) =>
        RaiseSynchronous(Syndrome.Make(State.El == 0 ? ExceptionClass.SoftwareStepLower : ExceptionClass.SoftwareStep, DebugStatus | _step.Syndrome), pc);

    private bool IsBreakpoint(ulong address) =>
        AreDebugExceptionsEnabled(State.El, Daif) && _comparators.Breaks(address, State.El, (uint)GetDirect(DirectRegister.ContextId1));

    private bool RaiseBreakpoint(ulong pc) =>
        RaiseSynchronous(Syndrome.Make(State.El == 0 ? ExceptionClass.BreakpointLower : ExceptionClass.BreakpointCurrent, DebugStatus), pc);

    /// <summary>Looks whether an access that translated is watched; false where that raised an exception. Unprivileged accesses count as those of EL0.</summary>
    private bool CheckWatchpoints(ulong pc, ulong address, int size, bool reads, bool writes, bool privileged)
    {
        if (_debugger.Points.HasWatchpoints && !_debugger.MayAccess(pc, address, size, reads, writes))
            return false;
        if (!_comparators.HasWatchpoints || !AreDebugExceptionsEnabled(State.El, Daif))
            return true;

        uint context = (uint)GetDirect(DirectRegister.ContextId1);
        int el = privileged ? 1 : 0;
        if (!_comparators.Watches(address, (ulong)size, reads, writes, el, context, out ulong hit))
            return true;

        // Where an instruction reads and writes, WnR says that the read alone would not have been watched.
        bool isWrite = writes && !(reads && _comparators.Watches(address, (ulong)size, reads: true, writes: false, el, context, out _));
        SetDirect(DirectRegister.FaultAddress1, address + (hit - Mmu.PageWalker.SignExtend(address)));
        return RaiseSynchronous(
            Syndrome.Make(State.El == 0 ? ExceptionClass.WatchpointLower : ExceptionClass.Watchpoint, DebugStatus | (isWrite ? Syndrome.WriteNotRead : 0)),
            pc);
    }
}
