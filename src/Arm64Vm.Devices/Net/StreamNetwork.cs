using System.Buffers.Binary;
using System.Net.Sockets;

namespace Arm64Vm.Devices.Net;

/// <summary>A network behind a stream socket, as QEMU's <c>-netdev stream</c> speaks to it: each frame follows its length, 32 bits, big-endian.</summary>
internal sealed class StreamNetwork : INetwork
{
    private const int PrefixSize = 4;
    /// <summary>
    /// What is read before the guest takes it. passt does not wait when the socket is full: it loses what does not fit, and TCP begins
    /// anew after a time-out. So this holds what a guest's receive window lets be under way.
    /// </summary>
    private const int Kept = 8 << 20;

    private const int LeastRead = 1 << 20;

    private readonly Socket? _listener;
    private readonly string? _path;
    private volatile Socket? _socket;
    private readonly byte[] _out = new byte[2 * INetwork.Burst];
    private readonly FrameBuffer _in = new(Kept, LeastRead);
    private int _outUsed;
    private int _begun;
    private volatile bool _isUp = true;

    /// <param name="socket">Connected; owned from now on.</param>
    /// <param name="offloads">What the other end does.</param>
    /// <param name="maximumFrame">The longest frame it takes.</param>
    public StreamNetwork(Socket socket, NetworkOffloads offloads = NetworkOffloads.None, int maximumFrame = INetwork.MaximumAnyFrame)
    {
        _socket = socket;
        Offloads = offloads;
        MaximumFrame = maximumFrame;
    }

    private StreamNetwork(Socket listener, string path)
    {
        (_listener, _path) = (listener, path);
        MaximumFrame = INetwork.MaximumAnyFrame;
    }

    /// <inheritdoc/>
    public NetworkOffloads Offloads { get; }

    /// <inheritdoc/>
    public int MaximumFrame { get; }

    /// <inheritdoc/>
    public bool IsUp => _isUp;

    /// <summary>A network whose other end is the first to connect.</summary>
    /// <param name="listener">Owned from now on.</param>
    /// <param name="path">The socket's file, which goes when the network does.</param>
    internal static StreamNetwork AcceptingFrom(Socket listener, string path) => new(listener, path);

    /// <inheritdoc/>
    public bool HasRoom => _out.Length - _outUsed >= INetwork.Burst;

    /// <inheritdoc/>
    public void Accept(bool checksums, bool segments4, bool segments6)
    {
    }

    /// <inheritdoc/>
    public Span<byte> Begin(int length)
    {
        _begun = length;
        return _out.AsSpan(_outUsed + PrefixSize, length);
    }

    /// <inheritdoc/>
    public void End(in FrameHeader header)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_out.AsSpan(_outUsed), (uint)_begun);
        _outUsed += PrefixSize + _begun;
    }

    /// <inheritdoc/>
    public void Flush()
    {
        try
        {
            for (var sent = 0; sent < _outUsed && _isUp && _socket is { } socket;)
                sent += socket.Send(_out.AsSpan(sent, _outUsed - sent));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Close();
        }

        _outUsed = 0;
    }

    /// <inheritdoc/>
    public bool IsFull => _in.IsFull;

    /// <inheritdoc/>
    public bool WaitForMore()
    {
        var room = _in.Room();
        if (room.IsEmpty)
            return _isUp;
        try
        {
            var socket = _socket ??= _listener!.Accept();
            var received = socket.Receive(room);
            if (received == 0 || !_in.TryCommit(received))
                Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Close();
        }

        return _isUp;
    }

    /// <inheritdoc/>
    public bool TryPeek(out FrameHeader header, out ReadOnlySpan<byte> frame)
    {
        header = default;
        frame = _in.Peek();
        return !frame.IsEmpty;
    }

    /// <inheritdoc/>
    public void Consume() => _in.Consume();

    /// <inheritdoc/>
    public void Close()
    {
        _isUp = false;
        foreach (var socket in (ReadOnlySpan<Socket?>)[_listener, _socket])
        {
            try
            {
                // Ends waits for input and for a connection.
                socket?.Shutdown(SocketShutdown.Both);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It was not connected any more.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket?.Dispose();
        _listener?.Dispose();
        if (_path is not null)
            File.Delete(_path);
    }
}
