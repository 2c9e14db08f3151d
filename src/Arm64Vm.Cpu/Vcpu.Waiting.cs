using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu;

/// <summary>WFI, WFE, WFIT and WFET: the host thread really sleeps.</summary>
public sealed unsafe partial class Vcpu
{
    /// <summary>A thread that sleeps for less than this wakes too late: shorter waits give the host's time away and come back.</summary>
    private const ulong ShortestSleep = 60_000;

    /// <summary>CNTKCTL_EL1.EVNTEN: the counter sends events, which a sleep must not miss for long.</summary>
    private const ulong EventStreamEnable = 4;

    private readonly IVirtualTimer? _wakeTimer;
    private bool _wakeTimeReached;

    /// <summary>One of the four, with PC behind it; the deadline of those with a timeout is the value that the exit carries.</summary>
    private void Wait(ulong pc, bool isEvent, bool hasTimeout)
    {
        ulong? deadline = hasTimeout ? TimeOf(_context->Exit.Address) : null;
        bool isOver = (isEvent ? _eventRegister : (Lines & LineBits.Inputs) != 0) || (hasTimeout && IsReached(deadline));
        if (!isOver && _state.El == 0 && (Slot(SystemSlot.Sctlr) & (isEvent ? SctlrBits.UserWaitForEvent : SctlrBits.UserWaitForInterrupt)) == 0)
        {
            uint kind = (hasTimeout ? 2u : 0) | (isEvent ? 1u : 0);
            uint register = TryPeekInstruction(pc - 4, out uint word) ? word & 31 : 31;
            RaiseSynchronous(Syndrome.WaitForX(kind, register), pc - 4);
            return;
        }

        if (isEvent && _eventRegister)
            _eventRegister = false;
        else if (!isOver && hasTimeout)
            SleepUntil(deadline, (Slot(SystemSlot.Cntkctl) & EventStreamEnable) != 0 && isEvent);
        else if (!isOver && isEvent)
            PauseForEvent();
        else if (!isOver)
            SleepUntilInterrupt(null);
        CompleteStep();
    }

    /// <summary>The first nanosecond of the clock at which the virtual count is at least <paramref name="count"/>; null where it is never.</summary>
    private ulong? TimeOf(ulong count)
    {
        UInt128 frequency = _model.TimerFrequency;
        UInt128 time = (((UInt128)count * NanosecondsPerSecond) + frequency - 1) / frequency;
        return time > ulong.MaxValue ? null : (ulong)time;
    }

    private bool IsReached(ulong? deadline) => deadline is { } time && _options.Clock is { } clock && clock.Nanoseconds >= time;

    /// <summary>WFIT and WFET. To return early is allowed.</summary>
    private void SleepUntil(ulong? deadline, bool hasEventStream)
    {
        if (_options.Clock is not { } clock || deadline is not { } time)
        {
            SleepUntilInterrupt(hasEventStream ? 1 : null);
            return;
        }

        if (time - clock.Nanoseconds < ShortestSleep)
        {
            Thread.Yield();
            return;
        }

        Volatile.Write(ref _wakeTimeReached, false);
        _wakeTimer!.Arm(time);
        SleepUntilInterrupt(hasEventStream ? 1 : null);
        _wakeTimer.Disarm();
    }

    private void WakeTimeReached()
    {
        lock (_gate)
        {
            Volatile.Write(ref _wakeTimeReached, true);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Sleeps until an interrupt is pending (masked or not), someone wants something, or the wake-up time; at most so many milliseconds where that is given.</summary>
    private void SleepUntilInterrupt(int? atMost)
    {
        if (atMost is null)
            _options.Milestones?.Waiting();
        lock (_gate)
        {
            while ((Lines & LineBits.Inputs) == 0 && Volatile.Read(ref _context->Poll) == 0 && !Volatile.Read(ref _wakeTimeReached))
            {
                if (atMost is not { } milliseconds)
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                Monitor.Wait(_gate, milliseconds);
                break;
            }

            Volatile.Write(ref _wakeTimeReached, false);
        }
    }

    /// <summary>WFE without an event: gives the host's time away, longer when nothing else happens between.</summary>
    private void PauseForEvent()
    {
        const int Yields = 16;
        if (++_consecutiveWaits <= Yields)
        {
            Thread.Yield();
            return;
        }

        lock (_gate)
        {
            if ((Lines & LineBits.Inputs) == 0 && Volatile.Read(ref _context->Poll) == 0)
                Monitor.Wait(_gate, 1);
        }
    }
}
