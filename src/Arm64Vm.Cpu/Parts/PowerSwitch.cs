namespace Arm64Vm.Cpu.Parts;

/// <summary>Switching a processor on and off (PSCI CPU_ON, CPU_OFF).</summary>
/// <remarks>
/// The state moves Off → Claimed → Pending → On → Off. The thread that moves it from Off to Claimed, by compare-exchange, owns entry and context until it
/// stores Pending; from there the processor's own thread takes over, resets itself and stores On. Only that thread moves it from On to Off.
/// </remarks>
internal sealed class PowerSwitch
{
    private const int StateOn = 0;
    private const int StateOff = 1;
    private const int StateClaimed = 2;
    private const int StatePending = 3;

    private int _state;
    private PowerOnState? _pending;

    /// <summary>On, off or on the way. Safe from any thread.</summary>
    public ProcessorPower Power => Volatile.Read(ref _state) switch
    {
        StateOn => ProcessorPower.On,
        StateOff => ProcessorPower.Off,
        _ => ProcessorPower.OnPending,
    };

    /// <summary>On the processor's own thread.</summary>
    public bool IsOn => _state == StateOn;

    /// <summary>How it will start, where it was told to and is not there yet; null otherwise. For one that does not run.</summary>
    public PowerOnState? Pending => _state == StatePending ? _pending : null;

    /// <summary>Asks for it to be switched on. Safe from any thread.</summary>
    /// <returns>What it was before; only a processor that was <see cref="ProcessorPower.Off"/> is switched on.</returns>
    public ProcessorPower Request(PowerOnState start)
    {
        int before = Interlocked.CompareExchange(ref _state, StateClaimed, StateOff);
        if (before != StateOff)
            return before == StateOn ? ProcessorPower.On : ProcessorPower.OnPending;
        _pending = start;
        Volatile.Write(ref _state, StatePending);
        return ProcessorPower.Off;
    }

    /// <summary>How it is to start, on the processor's own thread; null while it is to stay off.</summary>
    public PowerOnState? Take() => Volatile.Read(ref _state) == StatePending ? _pending : null;

    public void SwitchOn() => Volatile.Write(ref _state, StateOn);

    public void SwitchOff() => Volatile.Write(ref _state, StateOff);

    /// <summary>Puts back what was saved. For a processor that does not run.</summary>
    public void Restore(bool isOff, PowerOnState? pending)
    {
        _pending = pending;
        Volatile.Write(ref _state, pending is not null ? StatePending : isOff ? StateOff : StateOn);
    }
}
