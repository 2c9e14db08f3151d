using System.Buffers;
using System.Collections.Concurrent;

namespace Arm64Vm.Devices.Net;

/// <summary>One port of a <see cref="NetworkSwitch"/>.</summary>
/// <remarks>Any number of ports put frames in; the thread that receives takes them out.</remarks>
internal sealed class SwitchPort : INetwork
{
    /// <summary>Bytes that may wait for the port's owner.</summary>
    public const int MaximumWaiting = 2 << 20;

    private const int MinimumFrame = 14;

    private readonly NetworkSwitch _switch;
    private readonly ConcurrentQueue<Frame> _waiting = new();
    private readonly AutoResetEvent _arrived = new(false);
    private readonly byte[] _out = new byte[INetwork.MaximumAnyFrame];
    private int _begun;
    private int _bytesWaiting;
    private int _accepted;
    private volatile bool _isUp = true;

    public SwitchPort(NetworkSwitch @switch) => _switch = @switch;

    [Flags]
    private enum Accepted
    {
        Checksums = 1,
        Segments4 = 2,
        Segments6 = 4,
    }

    public NetworkOffloads Offloads =>
        NetworkOffloads.TakesChecksums | NetworkOffloads.TakesSegments | NetworkOffloads.GivesBoth | NetworkOffloads.IsTrusted;

    public int MaximumFrame => INetwork.MaximumAnyFrame;

    public bool IsUp => _isUp;

    public bool HasRoom => true;

    public void Accept(bool checksums, bool segments4, bool segments6) => Volatile.Write(
        ref _accepted,
        (int)((checksums ? Accepted.Checksums : 0) | (segments4 ? Accepted.Segments4 : 0) | (segments6 ? Accepted.Segments6 : 0)));

    public Span<byte> Begin(int length)
    {
        _begun = length;
        return _out.AsSpan(0, length);
    }

    public void End(in FrameHeader header)
    {
        if (_begun >= MinimumFrame)
            _switch.Forward(this, header, _out.AsSpan(0, _begun));
    }

    public void Flush()
    {
    }

    /// <summary>Never full for the thread that waits: what does not fit is lost where it is sent.</summary>
    public bool IsFull => false;

    public bool WaitForMore()
    {
        if (_isUp)
            _arrived.WaitOne();
        return _isUp;
    }

    public bool TryPeek(out FrameHeader header, out ReadOnlySpan<byte> frame)
    {
        var found = _waiting.TryPeek(out var next);
        header = next.Header;
        frame = found ? next.Bytes.AsSpan(0, next.Length) : default;
        return found;
    }

    public void Consume()
    {
        if (!_waiting.TryDequeue(out var frame))
            return;
        Interlocked.Add(ref _bytesWaiting, -frame.Length);
        ArrayPool<byte>.Shared.Return(frame.Bytes);
    }

    public void Close()
    {
        _isUp = false;
        _switch.Remove(this);
        _arrived.Set();
    }

    public void Dispose()
    {
        while (!_waiting.IsEmpty)
            Consume();
    }

    /// <summary>A frame for this port's owner, made into what the owner takes.</summary>
    internal void Enqueue(in FrameHeader header, ReadOnlySpan<byte> frame)
    {
        var accepted = (Accepted)Volatile.Read(ref _accepted);
        var takesSegment = header.Segmentation switch
        {
            0 => true,
            FrameHeader.Tcp4 => (accepted & Accepted.Segments4) != 0,
            _ => (accepted & Accepted.Segments6) != 0,
        };
        if (!takesSegment)
        {
            var pieces = new Pieces(this);
            TcpSegments.TrySend(pieces, frame, header);
            pieces.Dispose();
            return;
        }

        Add(header, frame, sums: header.WantsChecksum && (accepted & Accepted.Checksums) == 0);
    }

    private void Add(in FrameHeader header, ReadOnlySpan<byte> frame, bool sums)
    {
        if (!_isUp)
            return;
        if (Interlocked.Add(ref _bytesWaiting, frame.Length) > MaximumWaiting)
        {
            Interlocked.Add(ref _bytesWaiting, -frame.Length);
            return;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(frame.Length);
        frame.CopyTo(bytes);
        if (sums)
            InternetChecksum.TryComplete(bytes.AsSpan(0, frame.Length), header.ChecksumStart, header.ChecksumOffset);
        _waiting.Enqueue(new Frame(sums ? default : header, bytes, frame.Length));
        _arrived.Set();
    }

    /// <summary>Adds the pieces of a segment; each sender has its own.</summary>
    private sealed class Pieces(SwitchPort port) : IFrameSink, IDisposable
    {
        private readonly byte[] _bytes = ArrayPool<byte>.Shared.Rent(INetwork.MaximumAnyFrame);
        private int _length;

        public Span<byte> Begin(int length)
        {
            _length = length;
            return _bytes.AsSpan(0, length);
        }

        public void End(in FrameHeader header) => port.Add(header, _bytes.AsSpan(0, _length), sums: false);

        public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
    }

    private readonly record struct Frame(FrameHeader Header, byte[] Bytes, int Length);
}
