using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Timer;

/// <summary>One timer: CTL, CVAL and TVAL, and the level it drives (Arm ARM D12.2.4).</summary>
internal sealed class CompareTimer : IDisposable
{
    private const int TimerValue = 0;
    private const int Control = 1;
    private const uint Enable = 1;
    private const uint Mask = 2;
    private const uint Status = 4;

    private readonly Lock _gate = new();
    private readonly CountScale _scale;
    private readonly IVirtualTimer _timer;
    private readonly IInterruptLine _line;
    private uint _control;
    private ulong _compare;

    public CompareTimer(CountScale scale, IVirtualClock clock, IInterruptLine line)
    {
        _scale = scale;
        _line = line;
        _timer = clock.CreateTimer(Expired);
    }

    /// <summary>op2: 0 TVAL, 1 CTL, 2 CVAL.</summary>
    public ulong Read(int op2)
    {
        lock (_gate)
        {
            return op2 switch
            {
                TimerValue => (uint)(_compare - _scale.Count),
                Control => _control | (IsMet ? Status : 0),
                _ => _compare,
            };
        }
    }

    public void Write(int op2, ulong value)
    {
        lock (_gate)
        {
            switch (op2)
            {
                case TimerValue:
                    _compare = _scale.Count + (ulong)(long)(int)value;
                    break;
                case Control:
                    _control = (uint)value & (Enable | Mask);
                    break;
                default:
                    _compare = value;
                    break;
            }

            Update();
        }
    }

    public (uint Control, ulong Compare) Save()
    {
        lock (_gate)
            return (_control, _compare);
    }

    public void Restore(uint control, ulong compare)
    {
        lock (_gate)
        {
            _control = control & (Enable | Mask);
            _compare = compare;
            Update();
        }
    }

    public void Dispose() => _timer.Dispose();

    /// <summary>ISTATUS: the condition holds while enabled, masked or not.</summary>
    private bool IsMet => (_control & Enable) != 0 && _scale.Count >= _compare;

    private void Expired()
    {
        lock (_gate)
            Update();
    }

    private void Update()
    {
        bool met = IsMet;
        bool unmasked = (_control & Mask) == 0;
        _line.Set(met && unmasked);
        if ((_control & Enable) != 0 && unmasked && !met && _scale.TimeOf(_compare) is { } deadline)
            _timer.Arm(deadline);
        else
            _timer.Disarm();
    }
}
