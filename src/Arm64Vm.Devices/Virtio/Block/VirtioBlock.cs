using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>A disk (virtio 1.2, 5.2). Requests are done before the notification returns, so none is ever in flight across a snapshot.</summary>
public sealed class VirtioBlock : IVirtioDevice
{
    private const ulong SectorSize = 512;
    private const ushort QueueSize = 256;

    private const ulong FeatureSegmentMaximum = 1ul << 2;
    private const ulong FeatureReadOnly = 1ul << 5;
    private const ulong FeatureBlockSize = 1ul << 6;
    private const ulong FeatureFlush = 1ul << 9;

    private const uint RequestRead = 0;
    private const uint RequestWrite = 1;
    private const uint RequestFlush = 4;
    private const uint RequestIdentify = 8;

    private const byte StatusDone = 0;
    private const byte StatusError = 1;
    private const byte StatusUnsupported = 2;

    private const int HeaderSize = 16;
    private const int IdentifierSize = 20;
    private const int ConfigurationSize = 24;
    private const int ChunkSize = 128 * 1024;

    /// <summary>Far more than drivers ask for at once; it keeps one request from occupying the host.</summary>
    private const ulong MaximumTransfer = 256 << 20;

    private readonly IBlockBackend _backend;
    private readonly byte[] _identifier = new byte[IdentifierSize];
    private readonly byte[] _configuration = new byte[ConfigurationSize];
    private readonly byte[] _chunk = new byte[ChunkSize];
    private readonly ulong _sectors;
    private Virtqueue? _queue;
    private IVirtioInterrupts? _interrupts;

    /// <param name="backend">What the disk is stored in.</param>
    /// <param name="identifier">At most 20 ASCII characters that the guest can ask for.</param>
    public VirtioBlock(IBlockBackend backend, string identifier = "")
    {
        _backend = backend;
        _sectors = backend.Size / SectorSize;
        var length = Math.Min(identifier.Length, IdentifierSize);
        for (var i = 0; i < length; i++)
            _identifier[i] = char.IsAscii(identifier[i]) ? (byte)identifier[i] : (byte)'?';
        BinaryPrimitives.WriteUInt64LittleEndian(_configuration, _sectors);
        // One descriptor each for header and status.
        BinaryPrimitives.WriteUInt32LittleEndian(_configuration.AsSpan(12), QueueSize - 2);
        BinaryPrimitives.WriteUInt32LittleEndian(_configuration.AsSpan(20), (uint)SectorSize);
    }

    /// <inheritdoc/>
    public uint DeviceId => 2;

    /// <inheritdoc/>
    public ulong Features =>
        FeatureSegmentMaximum | FeatureBlockSize | FeatureFlush | (_backend.IsReadOnly ? FeatureReadOnly : 0);

    /// <inheritdoc/>
    public int QueueCount => 1;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => QueueSize;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queue = queues[0];
        _interrupts = interrupts;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _queue = null;
        _interrupts = null;
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (_queue is not { } ring)
            return;
        do
        {
            while (ring.TryPop() is { } chain)
                ring.Push(chain.Head, Serve(chain));
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer();
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        if (offset < ConfigurationSize)
            _configuration.AsSpan((int)offset, Math.Min(destination.Length, ConfigurationSize - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <summary>Returns the number of bytes written to the chain; the last of them is the status.</summary>
    private uint Serve(DescriptorChain chain)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        if (chain.WritableLength == 0)
            return 0;
        var room = chain.WritableLength - 1;
        var status = StatusError;
        ulong written = 0;
        if (chain.TryRead(0, header))
        {
            var sector = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            switch (BinaryPrimitives.ReadUInt32LittleEndian(header))
            {
                case RequestRead:
                    written = room;
                    status = Read(chain, sector, room);
                    break;
                case RequestWrite:
                    status = Write(chain, sector, chain.ReadableLength - HeaderSize);
                    break;
                case RequestFlush:
                    status = _backend.TryFlush() ? StatusDone : StatusError;
                    break;
                case RequestIdentify:
                    written = Math.Min(room, IdentifierSize);
                    status = chain.TryWrite(0, _identifier.AsSpan(0, (int)written)) ? StatusDone : StatusError;
                    break;
                default:
                    status = StatusUnsupported;
                    break;
            }
        }

        // The status is the last writable byte, wherever the data ended (5.2.6).
        return chain.TryWrite(room, [status]) ? (uint)Math.Min(written + 1, uint.MaxValue) : 0;
    }

    private bool IsInside(ulong sector, ulong length) =>
        length <= MaximumTransfer && length % SectorSize == 0 && sector <= _sectors && length / SectorSize <= _sectors - sector;

    private byte Read(DescriptorChain chain, ulong sector, ulong length)
    {
        if (!IsInside(sector, length))
            return StatusError;
        for (ulong done = 0; done < length;)
        {
            var chunk = _chunk.AsSpan(0, (int)Math.Min(ChunkSize, length - done));
            if (!_backend.TryRead(sector * SectorSize + done, chunk) || !chain.TryWrite(done, chunk))
                return StatusError;
            done += (ulong)chunk.Length;
        }

        return StatusDone;
    }

    private byte Write(DescriptorChain chain, ulong sector, ulong length)
    {
        if (_backend.IsReadOnly || !IsInside(sector, length))
            return StatusError;
        for (ulong done = 0; done < length;)
        {
            var chunk = _chunk.AsSpan(0, (int)Math.Min(ChunkSize, length - done));
            if (!chain.TryRead(HeaderSize + done, chunk) || !_backend.TryWrite(sector * SectorSize + done, chunk))
                return StatusError;
            done += (ulong)chunk.Length;
        }

        return StatusDone;
    }
}
