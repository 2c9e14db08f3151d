using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Saving and restoring the architectural state.</summary>
internal sealed unsafe partial class Vcpu : IStateful<VcpuState>
{
    /// <summary>Copies the state; the vCPU must not be running.</summary>
    public VcpuState Save()
    {
        _executor.SynchronizeFloatStatus(_context);
        var registers = new List<KeyValuePair<ushort, ulong>>();
        foreach (RegisterDescriptor row in _table.Rows)
        {
            if (row.SlotIndex >= 0)
                registers.Add(new(row.Register.Encoding, _slots[row.SlotIndex]));
        }

        return new VcpuState
        {
            X = new ReadOnlySpan<ulong>(_context->X, 32).ToArray(),
            V = new ReadOnlySpan<ulong>(_context->V, 64).ToArray(),
            Pc = _context->Pc,
            ProcessorState = ProcessorState,
            Fpcr = _context->Fpcr,
            Fpsr = _context->Fpsr,
            EventRegister = _event.IsSet,
            IsOff = !_power.IsOn,
            PowerOn = _power.Pending,
            RandomPosition = _random.Position,
            Direct = new ReadOnlySpan<ulong>(_context->Direct, (int)DirectRegister.Count).ToArray(),
            PerformanceMonitors = _pmu.Save(),
            SystemRegisters = [.. registers],
        };
    }

    /// <summary>Replaces the state; the vCPU must not be running. Caches of translations start empty and the exclusive monitor clear.</summary>
    /// <exception cref="ArgumentException">The state does not have this processor's shape.</exception>
    public void Restore(VcpuState state)
    {
        if (state.X.Length != 32 || state.V.Length != 64 || state.Direct.Length != (int)DirectRegister.Count || !PState.IsLegalReturn(state.ProcessorState & 0x1F))
            throw new ArgumentException("This is not the state of such a processor.", nameof(state));

        state.X.CopyTo(new Span<ulong>(_context->X, 32));
        state.V.CopyTo(new Span<ulong>(_context->V, 64));
        state.Direct.CopyTo(new Span<ulong>(_context->Direct, (int)DirectRegister.Count));
        _context->Pc = state.Pc;
        _mode.Restore(state.ProcessorState);
        _context->Fpcr = state.Fpcr;
        _executor.SynchronizeFloatStatus(_context);
        _context->Fpsr = state.Fpsr;
        _atomics.ClearMonitor();
        _event.Clear();
        if (state.EventRegister)
            _event.Set();
        _power.Restore(state.IsOff, state.PowerOn);

        // A wait may end early: what was waited for is asked again by the guest.
        _wait.End();
        _random.Position = state.RandomPosition;
        foreach ((ushort encoding, ulong value) in state.SystemRegisters)
        {
            RegisterDescriptor? row = _table.Find(new SystemRegister(encoding));
            if (row is { SlotIndex: >= 0 })
                _slots[row.SlotIndex] = value;
        }

        _stage1.InvalidateAll();
        TranslationControlsChanged();
        _counter.ControlChanged(Slot(SystemSlot.Cntkctl));
        FloatControlWritten();
        StepControlChanged();
        InterruptMaskChanged();
        _pmu.Restore(state.PerformanceMonitors, State.El);
    }
}
