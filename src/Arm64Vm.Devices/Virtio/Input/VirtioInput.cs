using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio.Input;

/// <summary>A keyboard or a tablet (virtio 1.2, 5.8).</summary>
/// <param name="description">What it is.</param>
/// <param name="source">What is typed or moved.</param>
internal sealed class VirtioInput(InputDescription description, InputQueue source) : IVirtioDevice, IStateful<VirtioInputState>, IDisposable
{
    private const int EventQueue = 0;
    private const int StatusQueue = 1;
    private const int EventSize = 8;

    // struct virtio_input_config (5.8.4): select, subsel, size, five reserved bytes, the answer.
    private const int SizeOffset = 2;
    private const int AnswerOffset = 8;
    private const int ConfigurationSize = AnswerOffset + InputDescription.AnswerSize;

    private readonly byte[] _event = new byte[EventSize];
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private byte _select;
    private byte _subselect;

    /// <inheritdoc/>
    public uint DeviceId => 18;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public int QueueCount => 2;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 64;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        _interrupts = interrupts;
        source.SetHandler(() => interrupts.Synchronize(Deliver));
    }

    /// <inheritdoc/>
    public void Reset()
    {
        source.SetHandler(null);
        _queues = [];
        _interrupts = null;
        (_select, _subselect) = (0, 0);
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue == EventQueue)
            Deliver();
        else if (queue == StatusQueue)
            TakeStatus();
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        Span<byte> configuration = stackalloc byte[ConfigurationSize];
        configuration.Clear();
        configuration[0] = _select;
        configuration[1] = _subselect;
        configuration[SizeOffset] = (byte)description.Answer(_select, _subselect, configuration[AnswerOffset..]);
        if (offset < ConfigurationSize)
            configuration.Slice((int)offset, Math.Min(destination.Length, ConfigurationSize - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
        for (var i = 0; i < source.Length && offset + (uint)i < SizeOffset; i++)
        {
            if (offset + (uint)i == 0)
                _select = source[i];
            else
                _subselect = source[i];
        }
    }

    /// <inheritdoc/>
    public VirtioInputState Save() => new(_select, _subselect);

    /// <inheritdoc/>
    /// <remarks>The transport is restored before: it resets the device.</remarks>
    public void Restore(VirtioInputState state) => (_select, _subselect) = (state.Select, state.Subselect);

    /// <summary>Detaches from what is typed.</summary>
    public void Dispose() => source.SetHandler(null);

    private void Deliver()
    {
        if (_queues.Count == 0)
            return;
        var ring = _queues[EventQueue];
        ring.EnableNotifications();
        while (ring.HasPending && source.TryTake(out var next))
        {
            if (ring.TryPop() is not { } chain)
                break;
            BinaryPrimitives.WriteUInt16LittleEndian(_event, next.Type);
            BinaryPrimitives.WriteUInt16LittleEndian(_event.AsSpan(2), next.Code);
            BinaryPrimitives.WriteInt32LittleEndian(_event.AsSpan(4), next.Value);
            ring.Push(chain.Head, chain.TryWrite(0, _event) ? (uint)EventSize : 0);
            ring.EnableNotifications();
        }

        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    /// <summary>Lamps of the keyboard, which nobody sees.</summary>
    private void TakeStatus()
    {
        if (_queues.Count == 0)
            return;
        var ring = _queues[StatusQueue];
        do
        {
            while (ring.TryPop() is { } chain)
                ring.Push(chain.Head, 0);
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }
}
