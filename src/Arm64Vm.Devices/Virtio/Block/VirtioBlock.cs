using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>A disk (virtio 1.2, 5.2).</summary>
/// <remarks>
/// Without a thread of its own every request is done before the notification returns. With one only reads of what the host has in memory
/// are; all others are done on the thread, one after the other in the order in which the driver made them available, so that a flush
/// covers every write before it, whichever queue it came through. A request in flight is finished before a save, and its result dropped after
/// a reset.
/// </remarks>
internal sealed class VirtioBlock : IVirtioDevice, IDisposable
{
    private const ushort QueueSize = 256;
    private const int IdentifierSize = 20;

    /// <summary>Requests done before a notification returns; the thread does the rest.</summary>
    /// <remarks>A read can go into the queue itself and make more available, so that there would be no end.</remarks>
    private const int MostAtOnce = 4 * QueueSize;

    /// <summary>The same without a thread, where the rest waits for the next notification: no driver comes near it.</summary>
    private const int MostAlone = 1 << 15;
    private const int ConfigurationSize = 60;

    private const ulong FeatureSegmentMaximum = 1ul << 2;
    private const ulong FeatureReadOnly = 1ul << 5;
    private const ulong FeatureBlockSize = 1ul << 6;
    private const ulong FeatureFlush = 1ul << 9;
    private const ulong FeatureQueues = 1ul << 12;
    private const ulong FeatureDiscard = 1ul << 13;
    private const ulong FeatureWriteZeroes = 1ul << 14;

    private readonly IBlockBackend _backend;
    private readonly BlockRequests _requests;
    private readonly BlockBuffer _buffer = new();
    private readonly BlockWorker? _worker;
    private readonly byte[] _configuration = new byte[ConfigurationSize];
    private readonly Stack<DescriptorChain> _free = new();
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private int _served;

    /// <param name="backend">What the disk is stored in.</param>
    /// <param name="identifier">At most 20 ASCII characters that the guest can ask for.</param>
    /// <param name="hasThread">Requests that may wait for the host are done on a thread of the device's own.</param>
    /// <param name="queues">Request queues, from 1 up; a driver uses as many as it has processors.</param>
    public VirtioBlock(IBlockBackend backend, string identifier = "", bool hasThread = false, int queues = 1)
    {
        _backend = backend;
        QueueCount = queues;
        var name = new byte[IdentifierSize];
        var length = Math.Min(identifier.Length, IdentifierSize);
        for (var i = 0; i < length; i++)
            name[i] = char.IsAscii(identifier[i]) ? (byte)identifier[i] : (byte)'?';
        _requests = new BlockRequests(backend, name);
        _worker = hasThread ? new BlockWorker(_requests, Complete) : null;
        FillConfiguration();
    }

    /// <inheritdoc/>
    public uint DeviceId => 2;

    /// <inheritdoc/>
    public ulong Features => FeatureSegmentMaximum | FeatureBlockSize | FeatureFlush
        | (QueueCount > 1 ? FeatureQueues : 0)
        | (_backend.IsReadOnly ? FeatureReadOnly : FeatureDiscard | FeatureWriteZeroes);

    /// <inheritdoc/>
    public int QueueCount { get; }

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => QueueSize;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        _interrupts = interrupts;
        _worker?.Activate(interrupts);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _worker?.Forget();
        _free.Clear();
        _queues = [];
        _interrupts = null;
    }

    /// <inheritdoc/>
    public void Quiesce() => _worker?.Drain();

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue >= _queues.Count)
            return;
        var ring = _queues[queue];
        _served = 0;
        do
        {
            while (MayTake)
            {
                var chain = _free.TryPop(out var used) ? used : ring.CreateChain();
                if (!ring.TryPop(chain))
                {
                    _free.Push(chain);
                    break;
                }

                Start(chain);
            }
        }
        while (ring.EnableNotifications() && MayTake);
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
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

    /// <summary>Finishes what is in flight and ends the thread.</summary>
    public void Dispose() => _worker?.Dispose();

    /// <summary>With a thread the queue's size is the limit: nothing comes back while the notification lasts.</summary>
    private bool MayTake => _worker is not null || _served < MostAlone;

    private void Start(DescriptorChain chain)
    {
        _served++;
        if (chain.WritableLength == 0)
            Finish(chain, status: null, 0);
        else if (_worker is null)
            Finish(chain, _requests.Serve(chain, _buffer, out var written), written);
        else if (_served <= MostAtOnce && _requests.TryServeAtOnce(chain, _buffer, out var status, out var length))
            Finish(chain, status, length);
        else
            _worker.Enqueue(chain);
    }

    /// <summary>A request that was done on the thread; called under the transport's lock while the device is live.</summary>
    private void Complete(DescriptorChain chain, byte status, uint written)
    {
        Finish(chain, status, written);
        if (chain.Queue < _queues.Count && _queues[chain.Queue].ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(chain.Queue);
    }

    /// <summary>Gives a request back. The status is the last writable byte, wherever the data ended (5.2.6); null: there is no room for one.</summary>
    private void Finish(DescriptorChain chain, byte? status, uint written)
    {
        var done = status is { } value && chain.TryWrite(chain.WritableLength - 1, [value]);
        if (chain.Queue < _queues.Count)
            _queues[chain.Queue].Push(chain.Head, done ? written + 1 : 0);
        _free.Push(chain);
    }

    /// <summary>struct virtio_blk_config (5.2.4).</summary>
    private void FillConfiguration()
    {
        var bytes = _configuration.AsSpan();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, _backend.Size / BlockRequests.SectorSize);

        // One descriptor each for header and status.
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], QueueSize - 2);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], (uint)BlockRequests.SectorSize);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[34..], (ushort)QueueCount);
        if (_backend.IsReadOnly)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[36..], BlockRequests.MaximumRangeSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], BlockRequests.MaximumRanges);

        // Discards of whole pages make holes; smaller ones are taken and make none.
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], 8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], BlockRequests.MaximumRangeSectors);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[52..], BlockRequests.MaximumRanges);
        bytes[56] = 1;
    }
}
