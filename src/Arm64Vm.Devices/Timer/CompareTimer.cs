using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Timer;

/// <summary>One timer: CTL, CVAL and TVAL, and the level it drives (Arm ARM D12.2.4).</summary>
/// <remarks>
/// Belongs to the thread that runs the processor. What ISTATUS reads and what the output carries is one decision on one sample of the
/// clock, given to every member: a guest that sees ISTATUS set has the interrupt pending.
/// </remarks>
internal sealed class CompareTimer(CountScale scale, IInterruptLine line)
{
    private const int TimerValue = 0;
    private const int Control = 1;
    private const uint Enable = 1;
    private const uint Mask = 2;
    private const uint Status = 4;

    private uint _control;
    private ulong _compare;
    private bool _isHigh;

    /// <summary>op2: 0 TVAL, 1 CTL, 2 CVAL.</summary>
    public ulong Read(int op2, ulong count)
    {
        Drive(count);
        return op2 switch
        {
            TimerValue => (uint)(_compare - count),
            Control => _control | (IsMet(count) ? Status : 0),
            _ => _compare,
        };
    }

    public void Write(int op2, ulong value, ulong count)
    {
        switch (op2)
        {
            case TimerValue:
                _compare = count + (ulong)(long)(int)value;
                break;
            case Control:
                _control = (uint)value & (Enable | Mask);
                break;
            default:
                _compare = value;
                break;
        }

        Drive(count);
    }

    /// <summary>Drives the output for a sample of the counter.</summary>
    public void Drive(ulong count)
    {
        bool high = IsMet(count) && (_control & Mask) == 0;
        if (high == _isHigh)
            return;
        _isHigh = high;
        line.Set(high);
    }

    /// <summary>When the output rises by itself, in nanoseconds of the clock; the largest value: not without a write.</summary>
    public ulong NextRise => (_control & (Enable | Mask)) == Enable && !_isHigh ? scale.TimeOf(_compare) ?? ulong.MaxValue : ulong.MaxValue;

    public (uint Control, ulong Compare) Save() => (_control, _compare);

    public void Restore(uint control, ulong compare, ulong count)
    {
        _control = control & (Enable | Mask);
        _compare = compare;

        // The line may have been restored with its controller, to whatever level.
        _isHigh = IsMet(count) && (_control & Mask) == 0;
        line.Set(_isHigh);
    }

    /// <summary>ISTATUS: the condition holds while enabled, masked or not.</summary>
    private bool IsMet(ulong count) => (_control & Enable) != 0 && count >= _compare;
}
