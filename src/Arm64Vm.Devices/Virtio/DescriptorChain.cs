using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio;

/// <summary>One request of the driver: bytes to read, then bytes to write, scattered over RAM. Reused from request to request.</summary>
public sealed class DescriptorChain
{
    private readonly List<Segment> _segments = [];
    private readonly IGuestMemory _memory;
    private int _readable;

    internal DescriptorChain(IGuestMemory memory) => _memory = memory;

    /// <summary>The index that goes back into the used ring.</summary>
    public ushort Head { get; internal set; }

    /// <summary>Bytes the device may read.</summary>
    public ulong ReadableLength { get; private set; }

    /// <summary>Bytes the device may write.</summary>
    public ulong WritableLength { get; private set; }

    /// <summary>Copies request bytes from <paramref name="offset"/>; false when they are not all there, or not in RAM.</summary>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        if (offset > ReadableLength || (ulong)destination.Length > ReadableLength - offset)
            return false;
        for (var i = 0; i < _readable && destination.Length > 0; i++)
        {
            var segment = _segments[i];
            if (offset >= segment.Length)
            {
                offset -= segment.Length;
                continue;
            }

            var chunk = (int)Math.Min((ulong)destination.Length, segment.Length - offset);
            if (!_memory.TryRead(segment.Address + offset, destination[..chunk]))
                return false;
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
        for (var i = _readable; i < _segments.Count && source.Length > 0; i++)
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

    private readonly record struct Segment(ulong Address, uint Length);
}
