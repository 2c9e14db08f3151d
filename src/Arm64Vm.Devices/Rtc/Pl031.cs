using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Rtc;

/// <summary>PrimeCell real-time clock PL031 (ARM DDI 0224): the wall clock in seconds, and an alarm.</summary>
/// <remarks>
/// It counts with the host's wall clock, also while the machine is paused. The alarm's timer runs on machine time and at
/// most a minute at once, so a stepped wall clock or a pause delays an alarm by at most that.
/// </remarks>
internal sealed class Pl031 : WordRegisterDevice, IStateful<Pl031State>, IDisposable
{
    private const uint Data = 0x00;
    private const uint Match = 0x04;
    private const uint Load = 0x08;
    private const uint Control = 0x0C;
    private const uint Mask = 0x10;
    private const uint RawStatus = 0x14;
    private const uint MaskedStatus = 0x18;
    private const uint Clear = 0x1C;
    private const uint PeripheralId = 0x0014_1031;

    private const ulong Second = 1_000_000_000;
    private const uint MaximumWaitSeconds = 60;

    private readonly IInterruptLine _interrupt;
    private readonly IVirtualClock _clock;
    private readonly ILogSink? _log;
    private readonly IVirtualTimer _timer;
    private uint _offset;
    private uint _match;
    private uint _load;
    private uint _mask;
    private uint _raw;
    private bool _alarmSet;
    private uint _checkedAt;

    public Pl031(IInterruptLine interrupt, IVirtualClock clock, ILogSink? log = null)
        : base(0x1000)
    {
        _interrupt = interrupt;
        _clock = clock;
        _log = log;
        _timer = clock.CreateTimer(OnTimer);
    }

    /// <inheritdoc/>
    public Pl031State Save()
    {
        lock (Gate)
            return new Pl031State(_offset, _match, _load, _mask, _raw, _alarmSet, _checkedAt);
    }

    /// <inheritdoc/>
    public void Restore(Pl031State state)
    {
        lock (Gate)
        {
            (_offset, _match, _load, _mask, _raw, _alarmSet, _checkedAt) = state;
            CheckAlarm();
            _interrupt.Set((_raw & _mask) != 0);
        }
    }

    /// <summary>Detaches from the clock.</summary>
    public void Dispose() => _timer.Dispose();

    private protected override uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case Data: return Counter;
            case Match: return _match;
            case Load: return _load;
            case Control: return 1;
            case Mask: return _mask;
            case RawStatus: return _raw;
            case MaskedStatus: return _raw & _mask;
            case >= PrimeCellId.First: return PrimeCellId.Read(PeripheralId, offset);
            default:
                LogUnknown("read", offset);
                return 0;
        }
    }

    private protected override void WriteRegister(uint offset, uint value)
    {
        switch (offset)
        {
            case Match:
                _match = value;
                SetAlarm();
                break;
            case Load:
                _load = value;
                _offset += value - Counter;
                SetAlarm();
                break;
            case Control:
                // The counter cannot be stopped once started (DDI 0224, 3.3.4), and it starts running.
                break;
            case Mask:
                _mask = value & 1;
                break;
            case Clear:
                _raw &= ~value;
                break;
            default:
                LogUnknown("write", offset);
                break;
        }

        _interrupt.Set((_raw & _mask) != 0);
    }

    private uint Counter => (uint)_clock.UnixSeconds + _offset;

    private void SetAlarm()
    {
        _alarmSet = true;
        _checkedAt = Counter;
        CheckAlarm();
    }

    /// <summary>Raises the alarm when the counter has gone through the match value since the last look, else waits on.</summary>
    private void CheckAlarm()
    {
        if (!_alarmSet)
        {
            _timer.Disarm();
            return;
        }

        var now = Counter;
        var passed = now - _checkedAt;
        var left = _match - _checkedAt;
        if ((int)passed < 0)
        {
            // The wall clock was set back.
            passed = 0;
            left = _match - now;
        }

        _checkedAt = now;
        if (left <= passed)
        {
            _alarmSet = false;
            _raw = 1;
            _timer.Disarm();
            return;
        }

        _timer.Arm(_clock.Nanoseconds + Math.Min(left - passed, MaximumWaitSeconds) * Second);
    }

    private void OnTimer()
    {
        lock (Gate)
        {
            CheckAlarm();
            _interrupt.Set((_raw & _mask) != 0);
        }
    }

    private void LogUnknown(string what, uint offset)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"pl031: {what} of unknown register 0x{offset:x3}");
    }
}
