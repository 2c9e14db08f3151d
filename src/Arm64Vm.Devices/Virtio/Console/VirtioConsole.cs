using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Devices.Virtio.Console;

/// <summary>A console with one port (virtio 1.2, 5.3): whole buffers at once instead of a register access per byte.</summary>
internal sealed class VirtioConsole : IVirtioDevice, IDisposable
{
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const int ChunkSize = 1024;

    /// <summary>What one request may send; no driver comes near it, and it keeps one from occupying the host.</summary>
    private const ulong MaximumSend = 1 << 20;

    private readonly ICharacterBackend _backend;
    private readonly Action _receive;
    private readonly byte[] _chunk = new byte[ChunkSize];
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;

    public VirtioConsole(ICharacterBackend backend)
    {
        _backend = backend;
        _receive = Receive;
    }

    /// <inheritdoc/>
    public uint DeviceId => 3;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public int QueueCount => 2;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 128;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        _interrupts = interrupts;
        _backend.SetInputHandler(() => interrupts.Synchronize(_receive));
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _backend.SetInputHandler(null);
        _queues = [];
        _interrupts = null;
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue == ReceiveQueue)
            Receive();
        else if (queue == TransmitQueue)
            Transmit();
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <summary>Detaches from the back end.</summary>
    public void Dispose() => _backend.SetInputHandler(null);

    private void Transmit()
    {
        if (_queues.Count == 0)
            return;
        var ring = _queues[TransmitQueue];
        do
        {
            while (ring.TryPop() is { } chain)
            {
                Send(chain);
                ring.Push(chain.Head, 0);
            }
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void Send(DescriptorChain chain)
    {
        var length = Math.Min(chain.ReadableLength, MaximumSend);
        for (ulong done = 0; done < length;)
        {
            var chunk = _chunk.AsSpan(0, (int)Math.Min(ChunkSize, length - done));
            if (!chain.TryRead(done, chunk))
                return;
            foreach (var value in chunk)
                _backend.Write(value);
            done += (ulong)chunk.Length;
        }
    }

    /// <summary>Moves waiting input into the buffers the driver has offered; the rest stays in the back end.</summary>
    private void Receive()
    {
        if (_queues.Count == 0)
            return;
        var ring = _queues[ReceiveQueue];
        ring.EnableNotifications();
        while (ring.HasPending && _backend.TryRead(out var first))
        {
            if (ring.TryPop() is not { } chain)
                break;
            ring.Push(chain.Head, Fill(chain, first));
            ring.EnableNotifications();
        }

        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private uint Fill(DescriptorChain chain, byte first)
    {
        var length = 0;
        var room = (int)Math.Min(ChunkSize, chain.WritableLength);
        if (room > 0)
            _chunk[length++] = first;
        while (length < room && _backend.TryRead(out var next))
            _chunk[length++] = next;
        return chain.TryWrite(0, _chunk.AsSpan(0, length)) ? (uint)length : 0;
    }
}
