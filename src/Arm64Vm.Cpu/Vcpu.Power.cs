namespace Arm64Vm.Cpu;

/// <summary>Whether a processor is switched on, as PSCI AFFINITY_INFO says it.</summary>
internal enum ProcessorPower
{
    On = 0,
    Off = 1,

    /// <summary>Told to switch on, and not there yet.</summary>
    OnPending = 2,
}

/// <summary>Switching on and off (PSCI CPU_ON, CPU_OFF).</summary>
/// <remarks>
/// The state moves Off → Claimed → Pending → On → Off. Whoever moves it from Off to Claimed, by compare-exchange, owns entry and context until it
/// stores Pending; from there the processor's own thread takes over, resets itself and stores On. Only that thread moves it from On to Off.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    private const int StateOn = 0;
    private const int StateOff = 1;
    private const int StateClaimed = 2;
    private const int StatePending = 3;

    private int _power;
    private ulong _powerOnEntry;
    private ulong _powerOnContext;

    /// <summary>On, off or on the way. Safe from any thread.</summary>
    public ProcessorPower Power => Volatile.Read(ref _power) switch
    {
        StateOn => ProcessorPower.On,
        StateOff => ProcessorPower.Off,
        _ => ProcessorPower.OnPending,
    };

    /// <summary>Switches a processor that is off on: it resets, with <paramref name="context"/> in X0, and runs from <paramref name="entry"/>. Safe from any thread.</summary>
    /// <returns>What it was before; only a processor that was <see cref="ProcessorPower.Off"/> is switched on.</returns>
    public ProcessorPower PowerOn(ulong entry, ulong context)
    {
        int before = Interlocked.CompareExchange(ref _power, StateClaimed, StateOff);
        if (before != StateOff)
            return before == StateOn ? ProcessorPower.On : ProcessorPower.OnPending;
        _powerOnEntry = entry;
        _powerOnContext = context;
        Volatile.Write(ref _power, StatePending);
        LookAgain();
        return ProcessorPower.Off;
    }

    /// <summary>Switches it off. Only where it does not run, or on the thread that runs it.</summary>
    public void PowerOff() => Volatile.Write(ref _power, StateOff);

    /// <summary>Does what <see cref="PowerOn"/> asked for; false while the processor is to stay off.</summary>
    private bool IsSwitchedOn()
    {
        if (_power == StateOn)
            return true;
        if (Volatile.Read(ref _power) != StatePending)
            return false;
        Reset(_powerOnEntry);
        SetX(0, _powerOnContext);
        return true;
    }
}
