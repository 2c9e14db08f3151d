using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>What a debugger outside the guest asks and sets; <see cref="DebuggerControl"/> has its stops.</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Why it stopped for a debugger; null: it has not. Stays until <see cref="PrepareForDebugger"/>.</summary>
    public DebugStop? DebugStop => _debugger.Stop;

    /// <summary>It stands while the others run.</summary>
    public bool IsHeld => _debugger.IsHeld;

    /// <summary>Says what it does when it runs next; an earlier stop is forgotten. Only while it does not run.</summary>
    /// <param name="steps">Execute one instruction and stop.</param>
    /// <param name="holds">Stand still.</param>
    public void PrepareForDebugger(bool steps, bool holds) => _debugger.Prepare(steps, holds);

    /// <summary>It neither steps nor stands any more; why it stopped is kept. Only while it does not run.</summary>
    public void ReleaseForDebugger() => _debugger.Release();

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
        _mode.Write(value);
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

    /// <summary>Held: nothing but a stop is looked at.</summary>
    private VcpuResult Held()
    {
        var stop = (VcpuStop)Interlocked.Exchange(ref _stopReason, (int)VcpuStop.None);
        return new VcpuResult(stop == VcpuStop.None ? VcpuReturn.Off : (VcpuReturn)stop);
    }
}
