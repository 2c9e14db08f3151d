namespace Arm64Vm.Cpu.Parts;

/// <summary>What a processor waits for after WFI, WFE, WFIT or WFET. It holds no thread: the run loop returns it, and looks again when it is called again.</summary>
/// <param name="events">The processor's event register.</param>
/// <param name="counter">Its counter, with the event stream.</param>
/// <param name="clock">Time; null: none passes.</param>
/// <param name="mark">The location that its exclusive monitor marks.</param>
/// <param name="hasSiblings">There are processors that could store to it.</param>
internal sealed class ProcessorWait(EventRegister events, SystemCounter counter, IVirtualClock? clock, MarkedLocation mark, bool hasSiblings)
{
    /// <summary>WFE with the exclusive monitor armed waits for a store that nobody reports: so often it only lets others run, then it sleeps.</summary>
    private const int SpinsBeforeSleep = 16;

    /// <summary>How long it sleeps then, in nanoseconds, before the marked location is looked at again: twice as long each time.</summary>
    private const ulong FirstMonitorSleep = 50_000;
    private const ulong LongestMonitorSleep = 200_000;

    /// <summary>After so long the guest looks by itself: a store of the value that was there before is an event, too.</summary>
    private const ulong LongestMonitorWait = 1_000_000;

    private Kind _kind;

    /// <summary>Nanoseconds of the clock at which the wait ends by itself; null: never.</summary>
    private ulong? _deadline;
    private int _consecutive;

    /// <summary>A wait for a store: how long the present sleep is, 0 for other waits, and when the wait ends without one; <see cref="_deadline"/> is when the sleep does.</summary>
    private ulong _monitorSleep;
    private ulong? _monitorDeadline;

    private enum Kind : byte
    {
        None,
        Interrupt,
        Event,
    }

    public bool IsWaiting => _kind != Kind.None;

    /// <summary>Something else than WFE ran.</summary>
    public void NoteProgress() => _consecutive = 0;

    /// <summary>Until an interrupt is pending.</summary>
    public void BeginInterrupt(ulong? deadline) => (_kind, _deadline) = (Kind.Interrupt, deadline);

    /// <summary>Until the event register is set, or the counter's event stream sets it.</summary>
    public void BeginEvent(ulong? deadline) => Begin(Earlier(deadline, counter.NextStreamEvent()));

    /// <summary>Until another processor stores to the location that the exclusive monitor marks. That is not reported; the location is looked at, and WFE may end for no reason.</summary>
    /// <param name="deadline">The end of the wait without a store.</param>
    /// <param name="yields">Not waiting: the processor that is to store gets the host's thread, because the store does not come soon.</param>
    /// <returns>False: it does not wait.</returns>
    public bool TryBeginStore(ulong? deadline, out bool yields)
    {
        yields = !(hasSiblings && mark.ChangesSoon());
        if (!yields)
            _consecutive = 0;
        if (!yields || ++_consecutive <= SpinsBeforeSleep || clock == null)
            return false;
        ulong now = clock.Nanoseconds;
        _monitorSleep = FirstMonitorSleep;
        _monitorDeadline = Earlier(Earlier(deadline, counter.NextStreamEvent()), now + LongestMonitorWait);
        Begin(Earlier(_monitorDeadline, now + FirstMonitorSleep));
        return true;
    }

    /// <summary>Another processor stores within a moment to the location that the exclusive monitor marks; with a monitor that marks one.</summary>
    public bool StoreComesSoon() => mark.ChangesSoon();

    /// <summary>Looks whether what is waited for has come. A wait for an event uses it up.</summary>
    public bool IsOver(bool hasInterrupt)
    {
        if (!(_kind == Kind.Event ? events.IsSet : hasInterrupt) && (!IsReached(_deadline) || SleepsOn()))
            return false;
        if (_kind == Kind.Event)
            events.Clear();
        return true;
    }

    /// <summary>No more: it is over, or an interrupt is taken.</summary>
    public void End()
    {
        if (_kind == Kind.Event)
            events.SetWaiting(false);
        _kind = Kind.None;
        _monitorSleep = 0;
    }

    /// <summary>What is waited for, and the earlier of the wait's own end and <paramref name="timer"/>, the next time of a timer.</summary>
    public VcpuResult ToResult(ulong? timer) => new(_kind == Kind.Event ? VcpuReturn.WaitForEvent : VcpuReturn.WaitForInterrupt, Earlier(_deadline, timer));

    public bool IsReached(ulong? deadline) => deadline is { } time && clock != null && clock.Nanoseconds >= time;

    /// <summary>The deadline has come. True where it was that of a look at the marked location, which shows no store: the guest need not look for itself.</summary>
    private bool SleepsOn()
    {
        if (_monitorSleep == 0)
            return false;
        if (mark.IsChanged)
            _consecutive = 0;
        if (_consecutive == 0 || IsReached(_monitorDeadline))
            return false;
        _monitorSleep = Math.Min(2 * _monitorSleep, LongestMonitorSleep);
        _deadline = Earlier(_monitorDeadline, clock!.Nanoseconds + _monitorSleep);
        return true;
    }

    private void Begin(ulong? deadline)
    {
        (_kind, _deadline) = (Kind.Event, deadline);
        events.SetWaiting(true);
    }

    private static ulong? Earlier(ulong? one, ulong? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
