using Arm64Vm.Cpu;
using static Arm64Vm.Devices.Uart.Pl011Registers;

namespace Arm64Vm.Devices.Uart;

/// <summary>PrimeCell UART PL011 (ARM DDI 0183) with 16-deep FIFOs.</summary>
/// <remarks>
/// A character leaves as soon as it is written, so the transmitter is always empty. It also leaves while UARTEN is clear,
/// because firmware written against emulators does not always set it. Input waits in the back end while the FIFO is full.
/// </remarks>
internal sealed class Pl011 : WordRegisterDevice, IStateful<Pl011State>, IDisposable
{
    private const int FifoDepth = 16;
    private const ulong ClockHertz = 24_000_000;
    private const int TimeoutBits = 32;
    private const ulong NotArmed = ulong.MaxValue;

    private readonly IInterruptLine _interrupt;
    private readonly IVirtualClock _clock;
    private readonly ICharacterBackend _backend;
    private readonly ILogSink? _log;
    private readonly IVirtualTimer _timeout;
    private readonly ushort[] _fifo = new ushort[FifoDepth];
    private int _first;
    private int _count;
    private bool _attached;
    private bool _asserted;
    private bool _overrunPending;
    private bool _isDisposed;
    private ulong? _timeoutAt;
    private ulong _timerAt = NotArmed;
    private uint _receiveStatus;
    private uint _lowPower;
    private uint _integerBaud;
    private uint _fractionalBaud;
    private uint _lineControl;
    private uint _control = ControlTransmitEnable | ControlReceiveEnable;
    private uint _fifoLevels = 0x12;
    private uint _mask;
    private uint _raw;
    private uint _dmaControl;

    public Pl011(IInterruptLine interrupt, IVirtualClock clock, ICharacterBackend backend, ILogSink? log = null)
        : base(0x1000)
    {
        _interrupt = interrupt;
        _clock = clock;
        _backend = backend;
        _log = log;
        _timeout = clock.CreateTimer(OnTimeout);
    }

    /// <inheritdoc/>
    public Pl011State Save()
    {
        lock (Gate)
        {
            var fifo = new ushort[_count];
            for (var i = 0; i < _count; i++)
                fifo[i] = _fifo[(_first + i) % FifoDepth];
            return new Pl011State
            {
                ReceiveStatus = _receiveStatus,
                LowPower = _lowPower,
                IntegerBaud = _integerBaud,
                FractionalBaud = _fractionalBaud,
                LineControl = _lineControl,
                Control = _control,
                FifoLevels = _fifoLevels,
                Mask = _mask,
                RawStatus = _raw,
                DmaControl = _dmaControl,
                ReceiveFifo = fifo,
                OverrunPending = _overrunPending,
                ReceiveTimeoutAt = _timeoutAt,
                TakesInput = _attached,
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(Pl011State state)
    {
        lock (Gate)
        {
            _receiveStatus = state.ReceiveStatus;
            _lowPower = state.LowPower;
            _integerBaud = state.IntegerBaud;
            _fractionalBaud = state.FractionalBaud;
            _lineControl = state.LineControl;
            _control = state.Control;
            _fifoLevels = state.FifoLevels;
            _mask = state.Mask;
            _raw = state.RawStatus;
            _dmaControl = state.DmaControl;
            _overrunPending = state.OverrunPending;
            _first = 0;
            _count = Math.Min(state.ReceiveFifo.Count, FifoDepth);
            for (var i = 0; i < _count; i++)
                _fifo[i] = state.ReceiveFifo[i];
            _timeoutAt = state.ReceiveTimeoutAt;
            _timerAt = _timeoutAt ?? NotArmed;
            if (_timeoutAt is { } at)
                _timeout.Arm(at);
            else
                _timeout.Disarm();
            if (state.TakesInput)
                Attach();
            _asserted = (_raw & _mask) != 0;
            _interrupt.Set(_asserted);
        }
    }

    /// <summary>Detaches from the back end and the clock. A call from either that is on its way takes no input any more: that is the next device's.</summary>
    public void Dispose()
    {
        lock (Gate)
            _isDisposed = true;
        _backend.SetInputHandler(null);
        _timeout.Dispose();
    }

    private protected override uint ReadRegister(uint offset)
    {
        if (!_attached)
            Attach();
        switch (offset)
        {
            case Data: return ReadData();
            case ReceiveStatus: return _receiveStatus;
            case Flags: return ReadFlags();
            case LowPower: return _lowPower;
            case IntegerBaud: return _integerBaud;
            case FractionalBaud: return _fractionalBaud;
            case LineControl: return _lineControl;
            case Control: return _control;
            case FifoLevels: return _fifoLevels;
            case Mask: return _mask;
            case RawStatus: return _raw;
            case MaskedStatus: return _raw & _mask;
            case DmaControl: return _dmaControl;
            case >= PrimeCellId.First: return PrimeCellId.Read(PeripheralId, offset);
            default:
                LogUnknown("read", offset);
                return 0;
        }
    }

    private protected override void WriteRegister(uint offset, uint value)
    {
        if (!_attached)
            Attach();
        switch (offset)
        {
            case Data: Send((byte)value); break;
            case ReceiveStatus: _receiveStatus = 0; break;
            case Flags: break;
            case LowPower: _lowPower = value & 0xFF; break;
            case IntegerBaud: _integerBaud = value & 0xFFFF; break;
            case FractionalBaud: _fractionalBaud = value & 0x3F; break;
            case LineControl: WriteLineControl(value & 0xFF); break;
            case Control: WriteControl(value & 0xFF87); break;
            case FifoLevels: _fifoLevels = value & 0x3F; break;
            case Mask: _mask = value & InterruptAll; break;
            case Clear: ClearInterrupts(value); break;
            case DmaControl: _dmaControl = value & 7; break;
            default: LogUnknown("write", offset); break;
        }

        UpdateInterrupt();
    }

    /// <summary>Input is taken from the first access on: a device that is about to be restored must not swallow what waits.</summary>
    private void Attach()
    {
        _attached = true;
        _backend.SetInputHandler(OnInput);
        Refill();
    }

    private void Send(byte value)
    {
        if ((_control & ControlLoopback) != 0)
            ReceiveLooped(value);
        else
            _backend.Write(value);

        // The FIFO has drained through its trigger level by the time the guest looks.
        _raw |= InterruptTransmit;
    }

    private uint ReadData()
    {
        if (_count == 0)
            return 0;
        uint character = _fifo[_first];
        _first = (_first + 1) % FifoDepth;
        _count--;
        _receiveStatus = (character >> 8) & 0xF;
        if (_count < TriggerLevel)
            _raw &= ~InterruptReceive;
        Refill();
        if (_count == 0)
        {
            _raw &= ~InterruptReceiveTimeout;
            _timeoutAt = null;
        }

        UpdateInterrupt();
        return character;
    }

    private uint ReadFlags()
    {
        var flags = FlagTransmitEmpty;
        if (_count == 0)
            flags |= FlagReceiveEmpty;
        if (_count >= Capacity)
            flags |= FlagReceiveFull;
        return flags | ModemFlags(_control);
    }

    /// <summary>The modem inputs: loopback wires the outputs back (DDI 0183, 2.4.3), otherwise nothing is connected.</summary>
    private static uint ModemFlags(uint control)
    {
        if ((control & ControlLoopback) == 0)
            return 0;
        uint flags = 0;
        if ((control & ControlRequestToSend) != 0)
            flags |= FlagClearToSend;
        if ((control & ControlDataTerminalReady) != 0)
            flags |= FlagDataSetReady;
        if ((control & ControlOut1) != 0)
            flags |= FlagCarrierDetect;
        if ((control & ControlOut2) != 0)
            flags |= FlagRing;
        return flags;
    }

    private void WriteControl(uint value)
    {
        var changed = ModemFlags(_control) ^ ModemFlags(value);
        _control = value;
        if ((changed & FlagClearToSend) != 0)
            _raw |= InterruptClearToSend;
        if ((changed & FlagDataSetReady) != 0)
            _raw |= InterruptDataSetReady;
        if ((changed & FlagCarrierDetect) != 0)
            _raw |= InterruptCarrierDetect;
        if ((changed & FlagRing) != 0)
            _raw |= InterruptRing;
        Refill();
    }

    private void WriteLineControl(uint value)
    {
        var changed = _lineControl ^ value;
        _lineControl = value;
        if ((changed & LineFifoEnable) != 0)
        {
            // Switching the FIFOs empties them.
            _first = 0;
            _count = 0;
            _timeoutAt = null;
            _raw &= ~(InterruptReceive | InterruptReceiveTimeout);
            Refill();
        }

        if ((changed & value & LineBreak) != 0 && (_control & ControlLoopback) != 0)
        {
            ReceiveLooped((ushort)DataBreak);
            _raw |= InterruptBreak;
        }
    }

    private void ClearInterrupts(uint value)
    {
        _raw &= ~value;

        // Unread input must not be forgotten by a driver that clears first and waits for the interrupt afterwards.
        if ((value & InterruptReceiveTimeout) != 0 && _count > 0)
            StartTimeout();
    }

    private int Capacity => (_lineControl & LineFifoEnable) != 0 ? FifoDepth : 1;

    /// <summary>UARTIFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4 and 7/8 full; reserved encodings act as 7/8.</summary>
    private int TriggerLevel => (_lineControl & LineFifoEnable) == 0
        ? 1
        : ((_fifoLevels >> 3) & 7) switch { 0 => 2, 1 => 4, 2 => 8, 3 => 12, _ => 14 };

    private void Refill()
    {
        // In loopback the receive pin is disconnected.
        if ((_control & (ControlLoopback | ControlReceiveEnable)) != ControlReceiveEnable)
            return;
        while (_count < Capacity && _backend.TryRead(out var value))
            Receive(value);
    }

    private void ReceiveLooped(ushort character)
    {
        if (_count < Capacity)
        {
            Receive(character);
            return;
        }

        _overrunPending = true;
        _receiveStatus |= DataOverrun >> 8;
        _raw |= InterruptOverrun;
    }

    private void Receive(ushort character)
    {
        if (_overrunPending)
        {
            character |= (ushort)DataOverrun;
            _overrunPending = false;
        }

        _fifo[(_first + _count) % FifoDepth] = character;
        _count++;
        if (_count == TriggerLevel)
            _raw |= InterruptReceive;
        StartTimeout();
    }

    /// <summary>Restarts the wait of 32 bit periods. A timer that runs out earlier stays: it looks at the new time when it expires.</summary>
    private void StartTimeout()
    {
        // Divisor in 64ths: 16 clocks per bit and unit (DDI 0183, 3.3.6). Unprogrammed: 115200 baud.
        var divisor = ((ulong)_integerBaud << 6) | _fractionalBaud;
        if (divisor < 64)
            divisor = 833;
        var at = _clock.Nanoseconds + TimeoutBits * 16 * divisor * 1_000_000_000 / (64 * ClockHertz);
        _timeoutAt = at;
        if (at < _timerAt)
            ArmTimer(at);
    }

    private void ArmTimer(ulong at)
    {
        _timerAt = at;
        _timeout.Arm(at);
    }

    private void OnTimeout()
    {
        lock (Gate)
        {
            _timerAt = NotArmed;
            if (_timeoutAt is not { } at)
                return;
            if (_clock.Nanoseconds < at)
            {
                ArmTimer(at);
                return;
            }

            _timeoutAt = null;
            if (_count == 0)
                return;
            _raw |= InterruptReceiveTimeout;
            UpdateInterrupt();
        }
    }

    private void OnInput()
    {
        lock (Gate)
        {
            if (_isDisposed)
                return;
            Refill();
            UpdateInterrupt();
        }
    }

    /// <summary>Spares the interrupt controller a call for every character.</summary>
    private void UpdateInterrupt()
    {
        var asserted = (_raw & _mask) != 0;
        if (asserted == _asserted)
            return;
        _asserted = asserted;
        _interrupt.Set(asserted);
    }

    private void LogUnknown(string what, uint offset)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"pl011: {what} of unknown register 0x{offset:x3}");
    }
}
