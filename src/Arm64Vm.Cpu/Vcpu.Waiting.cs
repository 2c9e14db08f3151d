using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>WFI, WFE, WFIT and WFET: the run loop returns what it waits for, and looks again when it is called again.</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>WFE with the exclusive monitor armed waits for a store that nobody reports: so often it only lets others run, then it sleeps.</summary>
    private const int SpinsBeforeSleep = 16;

    /// <summary>How long it sleeps then, in nanoseconds, before the guest looks again.</summary>
    private const ulong MonitorSleep = 50_000;

    /// <summary>CNTKCTL_EL1.EVNTEN: the counter sends events. EVNTDIR: on falling edges of the bit that EVNTI names. EVNTIS: of the counter without its low 8 bits.</summary>
    private const ulong EventStreamEnable = 1 << 2;
    private const ulong EventStreamFalling = 1 << 3;
    private const ulong EventStreamScaled = 1 << 17;

    private readonly EventBroadcast _events;

    /// <summary>Events of the machine that this processor has used up.</summary>
    private ulong _eventsSeen;

    /// <summary>The event register as far as this processor set it itself: SEVL, exception returns.</summary>
    private bool _eventRegister;
    private WaitKind _wait;

    /// <summary>Nanoseconds of the clock at which the wait ends by itself; null: never.</summary>
    private ulong? _waitDeadline;
    private int _consecutiveWaits;
    private bool _yields;

    private enum WaitKind : byte
    {
        None,
        Interrupt,
        Event,
    }

    /// <summary>One of the four, with PC behind it; the deadline of those with a timeout is the value that the exit carries.</summary>
    private void Wait(ulong pc, bool isEvent, bool hasTimeout)
    {
        ulong? deadline = hasTimeout ? TimeOf(_context->Exit.Address) : null;
        bool isOver = (isEvent ? IsEventSet : (Lines & LineBits.Inputs) != 0) || (hasTimeout && IsReached(deadline));
        if (!isOver && _state.El == 0 && (Slot(SystemSlot.Sctlr) & (isEvent ? SctlrBits.UserWaitForEvent : SctlrBits.UserWaitForInterrupt)) == 0)
        {
            uint kind = (hasTimeout ? 2u : 0) | (isEvent ? 1u : 0);
            uint register = TryPeekInstruction(pc - 4, out uint word) ? word & 31 : 31;
            RaiseSynchronous(Syndrome.WaitForX(kind, register), pc - 4);
            return;
        }

        if (isOver)
        {
            if (isEvent)
                ClearEvent();
            CompleteStep();
        }
        else if (isEvent)
        {
            WaitForEvent(deadline);
        }
        else
        {
            WaitForInterrupt(deadline);
        }
    }

    private void WaitForInterrupt(ulong? deadline)
    {
        _options.Milestones?.Waiting();
        BeginWait(WaitKind.Interrupt, deadline);
    }

    private void WaitForEvent(ulong? deadline)
    {
        if (_context->Exclusive.Address == GuestContext.InvalidTag)
        {
            BeginWait(WaitKind.Event, Earlier(deadline, NextStreamEvent()));
            return;
        }

        // The event is another processor's store to the marked location, which is not observed: WFE may end for no reason, so the guest looks for itself.
        if (++_consecutiveWaits <= SpinsBeforeSleep || _options.Clock is not { } clock)
        {
            _yields = true;
            CompleteStep();
            return;
        }

        BeginWait(WaitKind.Event, Earlier(deadline, clock.Nanoseconds + MonitorSleep));
    }

    private void BeginWait(WaitKind kind, ulong? deadline)
    {
        _wait = kind;
        _waitDeadline = deadline;
        if (kind == WaitKind.Event)
            _events.Sleep(Index);
    }

    private bool IsEventSet => _eventRegister || _events.Sent != _eventsSeen;

    private void ClearEvent()
    {
        _eventRegister = false;
        _eventsSeen = _events.Sent;
    }

    private void EndWait()
    {
        if (_wait == WaitKind.Event)
            _events.Awake(Index);
        _wait = WaitKind.None;
        CompleteStep();
    }

    /// <summary>Looks whether the wait is over, and ends it then.</summary>
    private bool IsStillWaiting()
    {
        if (_wait == WaitKind.None)
            return false;
        if (!(_wait == WaitKind.Event ? IsEventSet : (Lines & LineBits.Inputs) != 0) && !IsReached(_waitDeadline))
            return true;
        if (_wait == WaitKind.Event)
            ClearEvent();
        EndWait();
        return false;
    }

    /// <summary>What is waited for, and the earlier of the wait's own end and the next time of a timer, whose alarm is off meanwhile.</summary>
    private VcpuResult Waiting() =>
        new(_wait == WaitKind.Event ? VcpuReturn.WaitForEvent : VcpuReturn.WaitForInterrupt, Earlier(_waitDeadline, _options.Timers?.Rest(Index)));

    /// <summary>The first nanosecond of the clock at which the virtual count is at least <paramref name="count"/>; null where it is never.</summary>
    private ulong? TimeOf(ulong count)
    {
        UInt128 frequency = _model.TimerFrequency;
        UInt128 time = (((UInt128)count * NanosecondsPerSecond) + frequency - 1) / frequency;
        return time > ulong.MaxValue ? null : (ulong)time;
    }

    /// <summary>When the counter's event stream sends its next event; null while it is off (Arm ARM D12.2.3).</summary>
    private ulong? NextStreamEvent()
    {
        ulong control = Slot(SystemSlot.Cntkctl);
        if ((control & EventStreamEnable) == 0 || _options.Clock is not { } clock)
            return null;
        int bit = (int)((control >> 4) & 15) + ((control & EventStreamScaled) != 0 ? 8 : 0);
        ulong count = (ulong)((UInt128)clock.Nanoseconds * _model.TimerFrequency / NanosecondsPerSecond);
        ulong edge = (control & EventStreamFalling) != 0 ? 0 : 1UL << bit;

        // The first count above this one whose low bits are the edge's.
        ulong period = 2UL << bit;
        return TimeOf(count + period - ((count - edge) & (period - 1)));
    }

    private bool IsReached(ulong? deadline) => deadline is { } time && _options.Clock is { } clock && clock.Nanoseconds >= time;

    private static ulong? Earlier(ulong? one, ulong? other) => one is { } a && other is { } b ? Math.Min(a, b) : one ?? other;
}
