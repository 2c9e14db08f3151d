namespace Arm64Vm.Devices.Uart;

/// <summary>A bounded queue of input bytes: the producer learns how many were taken and waits for room.</summary>
internal sealed class CharacterInputQueue
{
    private readonly Lock _gate = new();
    private readonly byte[] _ring;
    private int _first;
    private int _count;
    private Action? _inputAvailable;
    private Action? _roomAvailable;

    public CharacterInputQueue(int capacity = 4096) => _ring = new byte[capacity];

    /// <summary>Called, with no lock held, when a full queue has room again.</summary>
    public void SetRoomHandler(Action? roomAvailable)
    {
        lock (_gate)
            _roomAvailable = roomAvailable;
    }

    /// <inheritdoc cref="ICharacterBackend.SetInputHandler"/>
    public void SetInputHandler(Action? inputAvailable)
    {
        bool pending;
        lock (_gate)
        {
            _inputAvailable = inputAvailable;
            pending = _count > 0;
        }

        if (pending)
            inputAvailable?.Invoke();
    }

    /// <summary>Tells the input's handler again of what it has left in the queue.</summary>
    public void NotifyPending()
    {
        Action? notify;
        lock (_gate)
            notify = _count > 0 ? _inputAvailable : null;
        notify?.Invoke();
    }

    /// <summary>Queues as many leading bytes of <paramref name="input"/> as fit.</summary>
    /// <returns>How many were taken.</returns>
    public int Feed(ReadOnlySpan<byte> input)
    {
        Action? notify = null;
        int taken;
        lock (_gate)
        {
            taken = Math.Min(input.Length, _ring.Length - _count);
            for (var i = 0; i < taken; i++)
                _ring[(_first + _count + i) % _ring.Length] = input[i];
            if (_count == 0 && taken > 0)
                notify = _inputAvailable;
            _count += taken;
        }

        notify?.Invoke();
        return taken;
    }

    /// <inheritdoc cref="ICharacterBackend.TryRead"/>
    public bool TryRead(out byte value)
    {
        Action? notify;
        lock (_gate)
        {
            if (_count == 0)
            {
                value = 0;
                return false;
            }

            value = _ring[_first];
            _first = (_first + 1) % _ring.Length;
            notify = _count-- == _ring.Length ? _roomAvailable : null;
        }

        notify?.Invoke();
        return true;
    }
}
