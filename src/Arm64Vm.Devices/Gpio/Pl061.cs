using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gpio;

/// <summary>PrimeCell GPIO PL061 (ARM DDI 0190): eight pins. Unconnected pins read 0.</summary>
internal sealed class Pl061 : WordRegisterDevice, IStateful<Pl061State>
{
    /// <summary>Pins of one controller.</summary>
    public const int PinCount = 8;

    private const uint DataEnd = 0x400;
    private const uint Direction = 0x400;
    private const uint Sense = 0x404;
    private const uint BothEdges = 0x408;
    private const uint Event = 0x40C;
    private const uint Mask = 0x410;
    private const uint RawStatus = 0x414;
    private const uint MaskedStatus = 0x418;
    private const uint Clear = 0x41C;
    private const uint AlternateFunction = 0x420;
    private const uint PeripheralId = 0x0004_1061;

    private readonly IInterruptLine _interrupt;
    private readonly ILogSink? _log;
    private byte _output;
    private byte _input;
    private byte _direction;
    private byte _sense;
    private byte _bothEdges;
    private byte _event;
    private byte _mask;
    private byte _raw;
    private byte _alternateFunction;

    public Pl061(IInterruptLine interrupt, ILogSink? log = null)
        : base(0x1000)
    {
        _interrupt = interrupt;
        _log = log;
    }

    /// <summary>Levels the guest drives: 0 for pins that are inputs.</summary>
    public byte DrivenPins
    {
        get
        {
            lock (Gate)
                return (byte)(_output & _direction);
        }
    }

    /// <summary>Drives a pin (0..7) from outside; safe from any thread.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such pin.</exception>
    public void SetInput(int pin, bool level)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pin);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pin, PinCount);
        lock (Gate)
        {
            var before = Pins;
            var bit = 1 << pin;
            _input = (byte)(level ? _input | bit : _input & ~bit);
            Update(before);
        }
    }

    /// <inheritdoc/>
    public Pl061State Save()
    {
        lock (Gate)
            return new Pl061State(_output, _input, _direction, _sense, _bothEdges, _event, _mask, _raw, _alternateFunction);
    }

    /// <inheritdoc/>
    public void Restore(Pl061State state)
    {
        lock (Gate)
        {
            (_output, _input, _direction, _sense, _bothEdges, _event, _mask, _raw, _alternateFunction) = state;
            Update(Pins);
        }
    }

    private protected override uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case < DataEnd: return Pins & (offset >> 2);
            case Direction: return _direction;
            case Sense: return _sense;
            case BothEdges: return _bothEdges;
            case Event: return _event;
            case Mask: return _mask;
            case RawStatus: return _raw;
            case MaskedStatus: return (uint)(_raw & _mask);
            case AlternateFunction: return _alternateFunction;
            case >= PrimeCellId.First: return PrimeCellId.Read(PeripheralId, offset);
            default:
                LogUnknown("read", offset);
                return 0;
        }
    }

    private protected override void WriteRegister(uint offset, uint value)
    {
        var before = Pins;
        switch (offset)
        {
            case < DataEnd:
                // Address bits 9:2 select the pins that a write changes (DDI 0190, 3.3.1).
                var selected = (offset >> 2) & _direction;
                _output = (byte)((_output & ~selected) | (value & selected));
                break;
            case Direction: _direction = (byte)value; break;
            case Sense: _sense = (byte)value; break;
            case BothEdges: _bothEdges = (byte)value; break;
            case Event: _event = (byte)value; break;
            case Mask: _mask = (byte)value; break;
            case Clear: _raw = (byte)(_raw & ~value); break;
            case AlternateFunction: _alternateFunction = (byte)value; break;
            default: LogUnknown("write", offset); break;
        }

        Update(before);
    }

    private byte Pins => (byte)((_output & _direction) | (_input & ~_direction));

    private void Update(byte before)
    {
        var now = Pins;
        var changed = (byte)(before ^ now);
        var active = (byte)~(now ^ _event);
        var edges = changed & (active | _bothEdges) & ~_sense;
        var levels = active & _sense;

        // A level shows as long as it lasts; an edge stays until it is cleared.
        _raw = (byte)((_raw & ~_sense) | levels | edges);
        _interrupt.Set((_raw & _mask) != 0);
    }

    private void LogUnknown(string what, uint offset)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"pl061: {what} of unknown register 0x{offset:x3}");
    }
}
