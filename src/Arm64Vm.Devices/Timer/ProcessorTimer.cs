using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Timer;

/// <summary>The timers of one processor and the alarm that tells it to look at them.</summary>
/// <remarks>Everything but the alarm's callback belongs to the thread that runs the processor.</remarks>
internal sealed class ProcessorTimer : IDisposable
{
    private const int Physical = 2;
    private readonly CountScale _scale;
    private IVirtualTimer _alarm;
    private Action? _attention;
    private bool _hasFired;

    /// <summary>What the alarm is set to; the largest value: it is off.</summary>
    private ulong _alarmAt = ulong.MaxValue;

    public ProcessorTimer(CountScale scale, IVirtualClock clock, IInterruptLine physicalLine, IInterruptLine virtualLine)
    {
        _scale = scale;
        PhysicalTimer = new CompareTimer(scale, physicalLine);
        VirtualTimer = new CompareTimer(scale, virtualLine);
        _alarm = clock.CreateTimer(Expired);
    }

    public CompareTimer PhysicalTimer { get; }

    public CompareTimer VirtualTimer { get; }

    /// <summary>Lets the alarm call this rather than drive the outputs itself; before anything runs.</summary>
    public Action? Attention
    {
        set => _attention = value;
    }

    /// <summary>Takes another alarm than one of the clock's timers; before anything runs.</summary>
    /// <param name="make">Makes it from what it is to call.</param>
    public void UseAlarm(Func<Action, IVirtualTimer> make)
    {
        _alarm.Dispose();
        _alarm = make(Expired);
    }

    /// <summary>CRm 2: the physical timer, 3: the virtual one.</summary>
    public ulong Read(int crm, int op2)
    {
        ulong value = Timer(crm).Read(op2, _scale.Count);
        SetAlarm();
        return value;
    }

    public void Write(int crm, int op2, ulong value)
    {
        Timer(crm).Write(op2, value, _scale.Count);
        SetAlarm();
    }

    public void Update()
    {
        ulong count = _scale.Count;
        PhysicalTimer.Drive(count);
        VirtualTimer.Drive(count);
        SetAlarm();
    }

    /// <summary>Switches the alarm off and returns when it would have come; null: never.</summary>
    public ulong? Rest()
    {
        if (_alarmAt != ulong.MaxValue)
        {
            _alarmAt = ulong.MaxValue;
            _alarm.Disarm();
        }

        ulong next = NextRise;
        return next == ulong.MaxValue ? null : next;
    }

    public void Restore(ProcessorTimerState state)
    {
        ulong count = _scale.Count;
        PhysicalTimer.Restore(state.PhysicalControl, state.PhysicalCompare, count);
        VirtualTimer.Restore(state.VirtualControl, state.VirtualCompare, count);
        SetAlarm();
    }

    public ProcessorTimerState Save()
    {
        (uint physicalControl, ulong physicalCompare) = PhysicalTimer.Save();
        (uint virtualControl, ulong virtualCompare) = VirtualTimer.Save();
        return new ProcessorTimerState(physicalControl, physicalCompare, virtualControl, virtualCompare);
    }

    public void Dispose() => _alarm.Dispose();

    private ulong NextRise => Math.Min(PhysicalTimer.NextRise, VirtualTimer.NextRise);

    private CompareTimer Timer(int crm) => crm == Physical ? PhysicalTimer : VirtualTimer;

    private void SetAlarm()
    {
        if (Volatile.Read(ref _hasFired))
        {
            // Should the outputs not have risen, because this thread's view of the time is a little behind, it must come again.
            Volatile.Write(ref _hasFired, false);
            _alarmAt = ulong.MaxValue;
        }

        ulong next = NextRise;
        if (next == _alarmAt)
            return;
        _alarmAt = next;
        if (next == ulong.MaxValue)
            _alarm.Disarm();
        else
            _alarm.Arm(next);
    }

    /// <summary>On the clock's thread: the processor looks by itself; without one, in virtual time, this is the only thread.</summary>
    private void Expired()
    {
        if (_attention is { } attention)
        {
            Volatile.Write(ref _hasFired, true);
            attention();
            return;
        }

        _alarmAt = ulong.MaxValue;
        Update();
    }
}
