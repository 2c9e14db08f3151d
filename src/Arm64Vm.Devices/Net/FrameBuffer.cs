using System.Buffers.Binary;

namespace Arm64Vm.Devices.Net;

/// <summary>Frames of a stream, each behind its length, between the thread that reads them and the one that takes them.</summary>
/// <remarks>
/// One thread writes (<see cref="Room"/>, <see cref="TryCommit"/>) and one at a time takes. Frames are never moved, since they are used in place:
/// where the end of the array comes near, the writer copies the beginning of the frame that is not whole yet to the front and goes on there.
/// </remarks>
/// <param name="size">Bytes.</param>
/// <param name="leastRoom">Bytes that the writer wants at once; more than a frame.</param>
internal sealed class FrameBuffer(int size, int leastRoom)
{
    private const int PrefixSize = 4;
    private const int MinimumFrame = 14;

    private readonly byte[] _bytes = new byte[size];
    private readonly Lock _gate = new();

    /// <summary>The next frame to take.</summary>
    private int _first;

    /// <summary>The end of whole frames, and of bytes, where the writer writes.</summary>
    private int _whole;
    private int _end;

    /// <summary>Whole frames are also from <see cref="_first"/> to here, before those at the front; -1: they are not.</summary>
    private int _turn = -1;

    /// <summary>There is no <see cref="Room"/>.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
                return FindRoom().IsEmpty;
        }
    }

    /// <summary>Where the writer may write; stays valid while others take frames. Empty: there is no room.</summary>
    public Span<byte> Room()
    {
        lock (_gate)
            return FindRoom();
    }

    /// <summary>Bytes were written to the beginning of <see cref="Room"/>.</summary>
    /// <returns>False: they are no frames.</returns>
    public bool TryCommit(int length)
    {
        lock (_gate)
        {
            _end += length;
            while (_end - _whole >= PrefixSize)
            {
                var frame = BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(_whole));
                if (frame is < MinimumFrame or > INetwork.MaximumAnyFrame)
                    return false;
                if (_end - _whole < PrefixSize + (int)frame)
                    break;
                _whole += PrefixSize + (int)frame;
            }

            return true;
        }
    }

    /// <summary>The next frame, in place; empty: there is no whole one.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        lock (_gate)
            return FindFrame();
    }

    /// <summary>Has done with the frame of <see cref="Peek"/>.</summary>
    public void Consume()
    {
        lock (_gate)
        {
            var frame = FindFrame();
            if (!frame.IsEmpty)
                _first += PrefixSize + frame.Length;
        }
    }

    private ReadOnlySpan<byte> FindFrame()
    {
        if (_first == _turn)
            (_first, _turn) = (0, -1);
        if (_turn < 0 && _first == _whole)
            return default;
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(_first));
        return _bytes.AsSpan(_first + PrefixSize, length);
    }

    private Span<byte> FindRoom()
    {
        if (_first == _turn)
            (_first, _turn) = (0, -1);
        if (_turn >= 0)
            return _first - _end > leastRoom ? _bytes.AsSpan(_end, _first - _end - 1) : default;
        if (_bytes.Length - _end >= leastRoom)
            return _bytes.AsSpan(_end);
        var begun = _end - _whole;
        if (_first - begun <= leastRoom)
            return default;
        _bytes.AsSpan(_whole, begun).CopyTo(_bytes);
        (_turn, _whole, _end) = (_whole, 0, begun);
        if (_first == _turn)
            (_first, _turn) = (0, -1);
        return FindRoom();
    }
}
