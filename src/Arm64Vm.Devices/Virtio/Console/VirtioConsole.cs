using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Devices.Virtio.Console;

/// <summary>A console with one port (virtio 1.2, 5.3): whole buffers at once instead of a register access per byte.</summary>
internal sealed class VirtioConsole : IVirtioDevice, IDisposable
{
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;

    private readonly CharacterPort _port;
    private readonly Action _receive;
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;

    public VirtioConsole(ICharacterBackend backend)
    {
        _port = new CharacterPort(backend);
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
        _port.SetInputHandler(() => interrupts.Synchronize(_receive));
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _port.SetInputHandler(null);
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
    public void Dispose() => _port.SetInputHandler(null);

    private void Transmit()
    {
        if (_queues.Count > 0)
            _port.Transmit(_queues[TransmitQueue], _interrupts);
    }

    private void Receive()
    {
        if (_queues.Count > 0)
            _port.Receive(_queues[ReceiveQueue], _interrupts);
    }
}
