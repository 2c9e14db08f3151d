using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Devices.Virtio.Entropy;

/// <summary>A source of random bytes (virtio 1.2, 5.4).</summary>
internal sealed class VirtioEntropy : IVirtioDevice
{
    private const int ChunkSize = 4096;

    /// <summary>More than a driver asks for at once; it asks again.</summary>
    private const ulong MaximumRequest = 64 * 1024;

    private readonly SpanFiller _fill;
    private Virtqueue? _queue;
    private IVirtioInterrupts? _interrupts;

    /// <param name="fill">Where bytes come from; null: the host's generator.</param>
    public VirtioEntropy(SpanFiller? fill = null) => _fill = fill ?? HostRandom.Fill;

    /// <summary>Fills a span with random bytes.</summary>
    public delegate void SpanFiller(Span<byte> destination);

    /// <inheritdoc/>
    public uint DeviceId => 4;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public int QueueCount => 1;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 64;

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
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    private uint Serve(DescriptorChain chain)
    {
        Span<byte> bytes = stackalloc byte[ChunkSize];
        var length = Math.Min(chain.WritableLength, MaximumRequest);
        for (ulong done = 0; done < length;)
        {
            var chunk = bytes[..(int)Math.Min(ChunkSize, length - done)];
            _fill(chunk);
            if (!chain.TryWrite(done, chunk))
                return (uint)done;
            done += (ulong)chunk.Length;
        }

        return (uint)length;
    }
}
