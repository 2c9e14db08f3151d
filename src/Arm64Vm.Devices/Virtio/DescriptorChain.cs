using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio;

/// <summary>One request of the driver: bytes to read, then bytes to write, scattered over RAM. Reused from request to request.</summary>
internal sealed class DescriptorChain
{
    /// <summary>Host memory that a buffer of a request takes, in bytes.</summary>
    public const int SegmentSize = 16;

    private readonly List<Segment> _segments = [];
    private readonly IGuestMemory _memory;
    private int _readable;

    internal DescriptorChain(IGuestMemory memory) => _memory = memory;

    /// <summary>The index that goes back into the used ring.</summary>
    public ushort Head { get; internal set; }

    /// <summary>Which of the device's queues it was taken from.</summary>
    public int Queue { get; internal set; }

    /// <summary>How many buffers it has.</summary>
    public int Count => _segments.Count;

    /// <summary>Bytes the device may read.</summary>
    public ulong ReadableLength { get; private set; }

    /// <summary>Bytes the device may write.</summary>
    public ulong WritableLength { get; private set; }

    /// <summary>Copies request bytes from <paramref name="offset"/>; false when they are not all there, or not in RAM.</summary>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        if (offset > ReadableLength || (ulong)destination.Length > ReadableLength - offset)
            return false;
        for (var i = 0; destination.Length > 0; i++)
        {
            var segment = _segments[i];
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            var chunk = (int)Math.Min((ulong)destination.Length, segment.Length - offset);
            var bytes = _memory.Map(segment.Address + offset, (ulong)chunk);
            if (bytes.Length < chunk)
                return false;
            bytes.CopyTo(destination);
            destination = destination[chunk..];
            offset = 0;
        }

        return true;
    }

    /// <summary>Copies response bytes to <paramref name="offset"/>; false when they do not all fit, or are not in RAM.</summary>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        if (offset > WritableLength || (ulong)source.Length > WritableLength - offset)
            return false;
        for (var i = _readable; source.Length > 0; i++)
        {
            var segment = _segments[i];
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            var chunk = (int)Math.Min((ulong)source.Length, segment.Length - offset);
            if (!_memory.TryWrite(segment.Address + offset, source[..chunk]))
                return false;
            source = source[chunk..];
            offset = 0;
        }

        return true;
    }

    /// <summary>Request bytes in place: as many as are in one piece from <paramref name="offset"/> on.</summary>
    /// <returns>Empty at the end of the request, and where it is not in RAM.</returns>
    public ReadOnlySpan<byte> MapReadable(ulong offset) =>
        TryFind(0, _readable, ref offset, out var segment) ? _memory.Map(segment.Address + offset, segment.Length - offset) : default;

    /// <summary>Room for the response in place: as much as is in one piece from <paramref name="offset"/> on; <see cref="NotifyWritten"/> follows.</summary>
    /// <returns>Empty at the end of the room, and where it is not in RAM.</returns>
    public Span<byte> MapWritable(ulong offset) =>
        TryFind(_readable, _segments.Count, ref offset, out var segment) ? _memory.MapForWriting(segment.Address + offset, segment.Length - offset) : default;

    /// <summary>Bytes that <see cref="MapWritable"/> gave for the same offset were written.</summary>
    public void NotifyWritten(ulong offset, int length)
    {
        if (TryFind(_readable, _segments.Count, ref offset, out var segment))
            _memory.NotifyWritten(segment.Address + offset, (ulong)length);
    }

    /// <summary>A buffer by number, where it is one that the device may write.</summary>
    public bool TryGetWritable(int buffer, out ulong address, out uint length)
    {
        (address, length) = buffer >= _readable && buffer < _segments.Count ? (_segments[buffer].Address, _segments[buffer].Length) : (0, 0);
        return length != 0;
    }

    internal void Clear()
    {
        _segments.Clear();
        _readable = 0;
        ReadableLength = 0;
        WritableLength = 0;
    }

    /// <summary>False when a readable segment follows a writable one, which virtio 1.2, 2.7.17 forbids.</summary>
    internal bool TryAdd(ulong address, uint length, bool writable)
    {
        if (writable)
        {
            WritableLength += length;
        }
        else
        {
            if (_readable != _segments.Count)
                return false;
            _readable++;
            ReadableLength += length;
        }

        _segments.Add(new Segment(address, length));
        return true;
    }

    private bool TryFind(int first, int end, ref ulong offset, out Segment segment)
    {
        for (var i = first; i < end; i++)
        {
            segment = _segments[i];
            if (offset < segment.Length)
                return true;
            offset -= segment.Length;
        }

        segment = default;
        return false;
    }

    private readonly record struct Segment(ulong Address, uint Length);
}
