using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Stops for a debugger outside the guest: breakpoints, watchpoints and single steps that the guest knows nothing of.</summary>
/// <remarks>
/// A stop is noted where it is found, in a fetch or an access, which then fails as if it had raised an exception; the poll word brings the
/// executor back, and <see cref="Run"/> returns with <see cref="VcpuReturn.Debug"/> before anything else is looked at, so that the state is
/// that before the instruction. A step is one fetch: the second one, or the return of the executor, finds that it is over.
/// While one is under way no interrupts are taken.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    private readonly DebugPoints _points;
    private ExternalStep _externalStep;
    private ulong _externalStepStart;
    private ulong _externalStepCount;
    private bool _isHeld;

    private enum ExternalStep : byte
    {
        None,

        /// <summary>The next instruction is to be the last.</summary>
        Wanted,

        /// <summary>It has been fetched.</summary>
        Fetched,

        /// <summary>It took an exception.</summary>
        Done,
    }

    /// <summary>Why it stopped for a debugger; null: it has not. Stays until <see cref="PrepareForDebugger"/>.</summary>
    public DebugStop? DebugStop { get; private set; }

    /// <summary>It stands while the others run.</summary>
    public bool IsHeld => Volatile.Read(ref _isHeld);

    /// <summary>Says what it does when it runs next; an earlier stop is forgotten. Only while it does not run.</summary>
    /// <param name="steps">Execute one instruction and stop.</param>
    /// <param name="holds">Stand still.</param>
    public void PrepareForDebugger(bool steps, bool holds)
    {
        DebugStop = null;
        _externalStep = steps ? ExternalStep.Wanted : ExternalStep.None;
        Volatile.Write(ref _isHeld, holds);
    }

    /// <summary>It neither steps nor stands any more; why it stopped is kept. Only while it does not run.</summary>
    public void ReleaseForDebugger()
    {
        _externalStep = ExternalStep.None;
        Volatile.Write(ref _isHeld, false);
    }

    /// <summary>The breakpoints and watchpoints of <see cref="VcpuOptions.DebugPoints"/> are others now. Only while it does not run.</summary>
    public void DebugPointsChanged()
    {
        // As for those of the guest: code is filed under names of contexts, and pages in the TLBs.
        _stage1.Inline.FlushAll();
        _stage1.Tags.InvalidateAll();
    }

    /// <summary>The physical address behind a virtual one as the current level's tables have it, whatever their permissions; changes nothing.</summary>
    public bool TryTranslateForDebugger(ulong address, out ulong physical) => _stage1.TryProbe(address, out physical);

    /// <summary>Names of the system registers, in the order of their numbers for <see cref="ReadSystemRegister"/>. Those whose reading changes something are empty.</summary>
    public IReadOnlyList<string> SystemRegisterNames => field ??= [.. _table.Rows.Select(row => IsHarmless(row) ? row.Name : string.Empty)];

    /// <summary>Reads a system register without traps and side effects.</summary>
    public ulong ReadSystemRegister(int number)
    {
        RegisterDescriptor row = _table.Rows[number];
        return !IsHarmless(row) ? 0 : row.Reader != null ? row.Reader(this) : row.SlotIndex >= 0 ? _slots[row.SlotIndex] : row.ResetValue;
    }

    /// <summary>Writes a system register as MSR does at EL1; false where it cannot be written.</summary>
    public bool WriteSystemRegister(int number, ulong value)
    {
        RegisterDescriptor row = _table.Rows[number];
        if (row.WriteLevel > 1)
            return false;
        value = (value & row.WriteMask) | (row.ResetValue & ~row.WriteMask);
        if (row.SlotIndex >= 0)
            _slots[row.SlotIndex] = value;
        row.Writer?.Invoke(this, value);
        return true;
    }

    /// <summary>Sets PSTATE from the form of SPSR_EL1; a mode that ERET could not go to leaves the mode as it is.</summary>
    public void WriteProcessorState(uint value)
    {
        uint fields = MaskUnimplemented(value);
        _state.LoadFields(fields);
        if (PState.IsLegalReturn(value))
            SwitchStack((int)(value >> 2) & 1, (value & 1) != 0);
        _context->Nzcv = value & 0xF000_0000;
        _context->BranchType = (fields >> PState.BranchTypeShift) & 3;
        SetDaif(value & PState.DaifMask);
    }

    /// <summary>V0 to V31.</summary>
    public UInt128 GetV(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u);
        return new UInt128(_context->V[(2 * index) + 1], _context->V[2 * index]);
    }

    /// <inheritdoc cref="GetV"/>
    public void SetV(int index, UInt128 value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, 31u);
        _context->V[2 * index] = (ulong)value;
        _context->V[(2 * index) + 1] = (ulong)(value >> 64);
    }

    /// <summary>FPCR and FPSR, as MRS and MSR have them.</summary>
    public uint DebugFloatControl
    {
        get => FloatControl;
        set => FloatControl = value;
    }

    /// <inheritdoc cref="DebugFloatControl"/>
    public uint DebugFloatStatus
    {
        get => FloatStatus;
        set => FloatStatus = value;
    }

    /// <summary>The bits of pointers of a half of the address space that a pointer authentication code may take, as translation is set up now.</summary>
    public ulong PointerAuthenticationMask(bool upper, bool isCode)
    {
        int top = _stage1.IgnoresTopByte(upper ? 1UL << 55 : 0, isCode) ? 56 : 64;
        ulong above = ulong.MaxValue << _stage1.InputBits(upper);
        return top == 64 ? above : above & ((1UL << top) - 1);
    }

    /// <summary>What the current tables map; null while translation is off.</summary>
    public MappingList? ListMappings(int most) => _stage1.ListMappings(_memory, most);

    /// <summary>It waits for an interrupt or event.</summary>
    public bool IsWaiting => _wait.IsWaiting;

    private static bool IsHarmless(RegisterDescriptor row) => row.ReadLevel <= 1 && row.Name is not ("RNDR" or "RNDRRS");

    /// <summary>Before a fetch: false where the debugger wants to stop here.</summary>
    private bool MayFetchForDebugger(ulong address)
    {
        if (_externalStep == ExternalStep.None)
            return !_points.IsBreakpoint(address) || StopForDebugger(new DebugStop(DebugStopKind.Breakpoint, address));
        return !HasStepped || StopForDebugger(new DebugStop(DebugStopKind.Step, address));
    }

    /// <summary>The instruction at an address is about to be fetched for good; true where it is stepped.</summary>
    private bool BeginExternalStep(ulong address)
    {
        if (_externalStep == ExternalStep.None)
            return false;
        _externalStep = ExternalStep.Fetched;
        _externalStepStart = address;
        _externalStepCount = _context->Instructions;
        return true;
    }

    /// <summary>Code that is stepped counts its instructions, which tells a branch to itself from an executor that came back too early.</summary>
    private bool HasStepped => _externalStep == ExternalStep.Done
        || (_externalStep == ExternalStep.Fetched && (_context->Pc != _externalStepStart || _context->Instructions != _externalStepCount));

    /// <summary>Always false, for services to return.</summary>
    private bool StopForDebugger(DebugStop stop)
    {
        DebugStop = stop;
        _externalStep = ExternalStep.None;
        _stepping = false;
        Interlocked.Or(ref _context->Poll, (uint)PollReasons.Stop);
        return false;
    }

    /// <summary>In the run loop: true where it is to return for the debugger.</summary>
    private bool IsStoppedForDebugger()
    {
        if (HasStepped)
            StopForDebugger(new DebugStop(DebugStopKind.Step, _context->Pc));
        return DebugStop != null;
    }

    /// <summary>The debugger watches an access; false where it stops.</summary>
    private bool MayAccessForDebugger(ulong pc, ulong address, int size, bool reads, bool writes)
    {
        if (_points.Find(address, (ulong)size, reads, writes, out ulong hit) is not { } watch)
            return true;
        _context->Pc = pc;
        return StopForDebugger(new DebugStop(DebugStopKind.Watchpoint, hit, watch));
    }

    /// <summary>Held: nothing but a stop is looked at.</summary>
    private VcpuResult Held()
    {
        var stop = (VcpuStop)Interlocked.Exchange(ref _stopReason, (int)VcpuStop.None);
        return new VcpuResult(stop == VcpuStop.None ? VcpuReturn.Off : (VcpuReturn)stop);
    }
}
