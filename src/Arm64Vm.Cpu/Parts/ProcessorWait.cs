namespace Arm64Vm.Cpu.Parts;

/// <summary>What a processor waits for after WFI, WFE, WFIT or WFET. It holds no thread: the run loop returns it, and looks again when it is called again.</summary>
internal sealed class ProcessorWait(EventRegister events, SystemCounter counter, IVirtualClock? clock)
{
    /// <summary>WFE with the exclusive monitor armed waits for a store that nobody reports: so often it only lets others run, then it sleeps.</summary>
    private const int SpinsBeforeSleep = 16;

    /// <summary>How long it sleeps then, in nanoseconds, before the guest looks again.</summary>
    private const ulong MonitorSleep = 50_000;

    private Kind _kind;

    /// <summary>Nanoseconds of the clock at which the wait ends by itself; null: never.</summary>
    private ulong? _deadline;
    private int _consecutive;

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

    /// <summary>Until another processor stores to the location that the exclusive monitor marks, which is not observed: WFE may end for no reason, so the guest looks for itself.</summary>
    /// <returns>False: it does not wait, and lets others run instead.</returns>
    public bool TryBeginStore(ulong? deadline)
    {
        if (++_consecutive <= SpinsBeforeSleep || clock == null)
            return false;
        Begin(Earlier(deadline, clock.Nanoseconds + MonitorSleep));
        return true;
    }

    /// <summary>Looks whether what is waited for has come. A wait for an event uses it up.</summary>
    public bool IsOver(bool hasInterrupt)
    {
        if (!(_kind == Kind.Event ? events.IsSet : hasInterrupt) && !IsReached(_deadline))
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
    }

    /// <summary>What is waited for, and the earlier of the wait's own end and <paramref name="timer"/>, the next time of a timer.</summary>
    public VcpuResult ToResult(ulong? timer) => new(_kind == Kind.Event ? VcpuReturn.WaitForEvent : VcpuReturn.WaitForInterrupt, Earlier(_deadline, timer));

    public bool IsReached(ulong? deadline) => deadline is { } time && clock != null && clock.Nanoseconds >= time;

    private void Begin(ulong? deadline)
    {
        (_kind, _deadline) = (Kind.Event, deadline);
        events.SetWaiting(true);
    }

    private static ulong? Earlier(ulong? one, ulong? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
