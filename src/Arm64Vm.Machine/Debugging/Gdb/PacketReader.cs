namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>What came from the debugger.</summary>
internal enum PacketKind
{
    /// <summary>More bytes are needed.</summary>
    None,
    Packet,
    Acknowledged,

    /// <summary>The last answer is to be sent again.</summary>
    Refused,

    /// <summary>Ctrl-C.</summary>
    Interrupt,

    /// <summary>A packet with a wrong checksum, or one that is too long.</summary>
    Damaged,
}

/// <summary>Cuts a stream of bytes into packets of the remote serial protocol (GDB manual, "Remote Protocol", Overview): <c>$data#checksum</c>, with 0x7d before a byte that is XORed with 0x20.</summary>
internal sealed class PacketReader
{
    /// <summary>Bytes of a packet's data; GDB is told (PacketSize).</summary>
    public const int MostData = 0x8000;

    private readonly byte[] _data = new byte[MostData];
    private int _length;
    private State _state;
    private byte _sum;
    private byte _checksum;
    private bool _isEscaped;
    private bool _isTooLong;

    private enum State
    {
        Between,
        Data,
        FirstDigit,
        SecondDigit,
    }

    /// <summary>The data of the packet that was found last, until the next call.</summary>
    public ReadOnlySpan<byte> Data => _data.AsSpan(0, _length);

    /// <summary>Takes bytes up to the end of the next thing that came.</summary>
    /// <param name="bytes">What there is; shortened by what was taken.</param>
    public PacketKind Next(ref ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var value = bytes[0];
            bytes = bytes[1..];
            var kind = Take(value);
            if (kind != PacketKind.None)
                return kind;
        }

        return PacketKind.None;
    }

    private PacketKind Take(byte value)
    {
        switch (_state)
        {
            case State.Data when value == '$':
                // The end of the last packet was lost.
                Begin();
                return PacketKind.None;
            case State.Data when value == '#':
                _state = State.FirstDigit;
                return PacketKind.None;
            case State.Data:
                _sum += value;
                Store(value);
                return PacketKind.None;
            case State.FirstDigit:
                _checksum = (byte)(Hex.DigitOf(value) << 4);
                _state = Hex.DigitOf(value) < 0 ? State.Between : State.SecondDigit;
                return _state == State.Between ? PacketKind.Damaged : PacketKind.None;
            case State.SecondDigit:
                _state = State.Between;
                var low = Hex.DigitOf(value);
                return low < 0 || (_checksum | low) != _sum || _isTooLong || _isEscaped ? PacketKind.Damaged : PacketKind.Packet;
            default:
                return Between(value);
        }
    }

    private PacketKind Between(byte value)
    {
        switch (value)
        {
            case (byte)'$':
                Begin();
                return PacketKind.None;
            case (byte)'+':
                return PacketKind.Acknowledged;
            case (byte)'-':
                return PacketKind.Refused;
            case 3:
                return PacketKind.Interrupt;
            default:
                return PacketKind.None;
        }
    }

    private void Begin()
    {
        _state = State.Data;
        _length = 0;
        _sum = 0;
        _isEscaped = false;
        _isTooLong = false;
    }

    private void Store(byte value)
    {
        if (value == '}' && !_isEscaped)
        {
            _isEscaped = true;
            return;
        }

        if (_length == MostData)
            _isTooLong = true;
        else
            _data[_length++] = _isEscaped ? (byte)(value ^ 0x20) : value;
        _isEscaped = false;
    }
}
