using Arm64Vm.Cpu;
using Arm64Vm.Devices.Timer;

namespace Arm64Vm.Devices.Watchdog;

/// <summary>The generic watchdog of the Base System Architecture (Arm DEN 0094, appendix on the generic watchdog), revision 1.</summary>
/// <remarks>
/// It counts with the system counter. When the time that the guest has set runs out without a refresh, the first signal, an interrupt, comes;
/// when it runs out again, the second, which resets the machine.
/// </remarks>
internal sealed class SbsaWatchdog : IStateful<SbsaWatchdogState>, IDisposable
{
    /// <summary>Bytes of each of the two register frames.</summary>
    public const uint FrameLength = 0x1000;

    private const uint Enabled = 1;
    private const uint FirstSignal = 2;
    private const uint SecondSignal = 4;

    private const uint Status = 0x000;
    private const uint OffsetLow = 0x008;
    private const uint OffsetHigh = 0x00C;
    private const uint CompareLow = 0x010;
    private const uint CompareHigh = 0x014;
    private const uint RefreshRegister = 0x000;
    private const uint Identification = 0xFCC;

    /// <summary>W_IIDR: revision 1 (an offset of 48 bits), implementer Arm.</summary>
    private const uint IdentificationValue = 0x0001_043B;

    private const ulong LargestOffset = (1UL << 48) - 1;

    private readonly Lock _gate = new();
    private readonly CountScale _scale;
    private readonly IInterruptLine _interrupt;
    private readonly Action _expired;
    private readonly IVirtualTimer _timer;
    private uint _status;
    private ulong _offset;
    private ulong _compare;
    private bool _isDisposed;

    /// <param name="clock">Time.</param>
    /// <param name="frequency">Counts per second, those of the system counter.</param>
    /// <param name="interrupt">The first signal; high until a refresh.</param>
    /// <param name="expired">The second signal; called on a thread of the clock or the processor.</param>
    public SbsaWatchdog(IVirtualClock clock, ulong frequency, IInterruptLine interrupt, Action expired)
    {
        _scale = new CountScale(clock, frequency);
        _interrupt = interrupt;
        _expired = expired;
        _timer = clock.CreateTimer(Look);
        Control = new Frame(this, isControl: true);
        Refresh = new Frame(this, isControl: false);
    }

    /// <summary>The control frame.</summary>
    public IMmioDevice Control { get; }

    /// <summary>The refresh frame.</summary>
    public IMmioDevice Refresh { get; }

    /// <inheritdoc/>
    public SbsaWatchdogState Save()
    {
        lock (_gate)
            return new SbsaWatchdogState(_status, _offset, _compare);
    }

    /// <inheritdoc/>
    public void Restore(SbsaWatchdogState state)
    {
        lock (_gate)
        {
            _status = state.Status & (Enabled | FirstSignal | SecondSignal);
            _offset = state.Offset & LargestOffset;
            _compare = state.Compare;
            Update();
        }
    }

    /// <summary>Detaches from the clock; a callback that is on its way does nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isDisposed = true;
        _timer.Dispose();
    }

    private uint Read(uint register) => register switch
    {
        Status => _status,
        OffsetLow => (uint)_offset,
        OffsetHigh => (uint)(_offset >> 32),
        CompareLow => (uint)_compare,
        CompareHigh => (uint)(_compare >> 32),
        Identification => IdentificationValue,
        _ => 0,
    };

    private void Write(uint register, uint value)
    {
        switch (register)
        {
            case Status:
                _status = value & Enabled;
                Restart();
                break;
            case OffsetLow:
                _offset = (_offset & ~0xFFFF_FFFFUL) | value;
                Restart();
                break;
            case OffsetHigh:
                _offset = (((ulong)value << 32) | (uint)_offset) & LargestOffset;
                Restart();
                break;
            case CompareLow:
                _compare = (_compare & ~0xFFFF_FFFFUL) | value;
                Update();
                break;
            case CompareHigh:
                _compare = ((ulong)value << 32) | (uint)_compare;
                Update();
                break;
        }
    }

    /// <summary>An explicit refresh: by the refresh register, and by every write of the status or the offset.</summary>
    private void Restart()
    {
        _status &= Enabled;
        _compare = _scale.Count + _offset;
        Update();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (!_isDisposed)
                Update();
        }
    }

    /// <summary>Gives the signals that are due, and waits for the next.</summary>
    private void Update()
    {
        // A timeout refreshes by itself, so that the second signal comes as long after the first. The counter has to pass the value.
        while ((_status & (Enabled | SecondSignal)) == Enabled && _scale.Count > _compare)
        {
            if ((_status & FirstSignal) != 0)
            {
                _status |= SecondSignal;
                _expired();
                break;
            }

            _status |= FirstSignal;
            _compare = _scale.Count + _offset;
        }

        _interrupt.Set((_status & FirstSignal) != 0);
        if ((_status & (Enabled | SecondSignal)) == Enabled && _compare != ulong.MaxValue && _scale.TimeOf(_compare + 1) is { } time)
            _timer.Arm(time);
        else
            _timer.Disarm();
    }

    /// <summary>One of the two frames; both have the identification register.</summary>
    private sealed class Frame(SbsaWatchdog owner, bool isControl) : WordRegisterDevice(FrameLength)
    {
        private protected override uint ReadRegister(uint offset)
        {
            lock (owner._gate)
                return isControl || offset == Identification ? owner.Read(offset) : 0;
        }

        private protected override void WriteRegister(uint offset, uint value)
        {
            lock (owner._gate)
            {
                if (isControl)
                    owner.Write(offset, value);
                else if (offset == RefreshRegister)
                    owner.Restart();
            }
        }
    }
}
