using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio.Balloon;

/// <summary>A memory balloon (virtio 1.2, 5.5): pages that the guest puts into it, and those it reports as free, go back to the host.</summary>
/// <remarks>
/// A page that the guest takes back, or uses although it was reported, is zero: the host gives it anew when it is touched. So deflating
/// needs no work, and a driver need not wait for it.
/// </remarks>
internal sealed class VirtioBalloon : IVirtioDevice, IStateful<VirtioBalloonState>
{
    /// <summary>Bytes of a page of the balloon, whatever pages the guest uses.</summary>
    public const ulong PageSize = 4096;

    private const int InflateQueue = 0;
    private const int DeflateQueue = 1;

    /// <summary>The fifth queue of the specification; queues of features that are not offered take no number.</summary>
    private const int ReportingQueue = 2;

    private const ulong FeatureDeflateOnOutOfMemory = 1 << 2;
    private const ulong FeaturePageReporting = 1 << 5;
    private const int ConfigurationSize = 8;
    private const int TargetOffset = 0;
    private const int ActualOffset = 4;

    /// <summary>Pages of one request, of which Linux sends 256; the rest of a larger one stays with the guest.</summary>
    private const int MostPages = 4096;

    /// <summary>Bytes of one report, for the same reason.</summary>
    private const ulong MostReported = 4UL << 30;

    private readonly IGuestMemory _memory;
    private readonly Action _announce;
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private uint _target;
    private uint _actual;

    /// <param name="memory">Where pages are given back.</param>
    /// <param name="target">Pages that the host wants from the start.</param>
    public VirtioBalloon(IGuestMemory memory, uint target = 0)
    {
        _memory = memory;
        _target = target;
        _announce = () => _interrupts?.RaiseConfigurationChange();
    }

    /// <summary>Pages that the host wants. Safe from any thread.</summary>
    public uint Target
    {
        get => Volatile.Read(ref _target);
        set
        {
            Volatile.Write(ref _target, value);

            // A driver that is not there yet reads it when it comes.
            Volatile.Read(ref _interrupts)?.Synchronize(_announce);
        }
    }

    /// <summary>Pages that the driver says it has given.</summary>
    public uint Actual => Volatile.Read(ref _actual);

    /// <inheritdoc/>
    public uint DeviceId => 5;

    /// <inheritdoc/>
    public ulong Features => FeatureDeflateOnOutOfMemory | FeaturePageReporting;

    /// <inheritdoc/>
    public int QueueCount => 3;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 128;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        Volatile.Write(ref _interrupts, interrupts);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _queues = [];
        Volatile.Write(ref _interrupts, null);
        Volatile.Write(ref _actual, 0);
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue >= _queues.Count)
            return;
        var ring = _queues[queue];
        do
        {
            while (ring.TryPop() is { } chain)
            {
                if (queue == InflateQueue)
                    Inflate(chain);
                else if (queue == ReportingQueue)
                    Report(chain);
                ring.Push(chain.Head, 0);
            }
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(queue);
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        Span<byte> all = stackalloc byte[ConfigurationSize];
        BinaryPrimitives.WriteUInt32LittleEndian(all[TargetOffset..], Target);
        BinaryPrimitives.WriteUInt32LittleEndian(all[ActualOffset..], _actual);
        if (offset < ConfigurationSize)
            all[(int)offset..Math.Min(ConfigurationSize, (int)offset + destination.Length)].CopyTo(destination);
    }

    /// <inheritdoc/>
    /// <remarks>Drivers write the number of pages as one word.</remarks>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
        if (offset == ActualOffset && source.Length == sizeof(uint))
            Volatile.Write(ref _actual, BinaryPrimitives.ReadUInt32LittleEndian(source));
    }

    /// <inheritdoc/>
    public VirtioBalloonState Save() => new(Target, Actual);

    /// <inheritdoc/>
    /// <remarks>The transport is restored before: it resets the device.</remarks>
    public void Restore(VirtioBalloonState state)
    {
        Volatile.Write(ref _target, state.Target);
        Volatile.Write(ref _actual, state.Actual);
    }

    /// <summary>Page numbers of 32 bits (5.5.6.1). Runs of them, upwards or downwards, are given back at once.</summary>
    private void Inflate(DescriptorChain chain)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        ulong first = 0, last = 0;
        var hasRun = false;
        var count = (int)Math.Min(chain.ReadableLength / sizeof(uint), MostPages);
        for (var i = 0; i < count && chain.TryRead((ulong)i * sizeof(uint), bytes); i++)
        {
            ulong page = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            if (hasRun && page == last + 1)
            {
                last = page;
            }
            else if (hasRun && page + 1 == first)
            {
                first = page;
            }
            else
            {
                if (hasRun)
                    Discard(first, last);
                (first, last, hasRun) = (page, page, true);
            }
        }

        if (hasRun)
            Discard(first, last);
    }

    private void Discard(ulong first, ulong last) => _memory.Discard(first * PageSize, (last - first + 1) * PageSize);

    /// <summary>Free memory as the writable buffers of a request (5.5.6.7).</summary>
    private void Report(DescriptorChain chain)
    {
        ulong total = 0;
        for (var i = 0; i < chain.Count && total < MostReported; i++)
        {
            if (!chain.TryGetWritable(i, out var address, out var length))
                continue;
            _memory.Discard(address, length);
            total += length;
        }
    }
}
