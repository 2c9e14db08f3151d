using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio.Console;

namespace Arm64Vm.Devices.Virtio.Serial;

/// <summary>A console device whose ports are no consoles but named byte streams, for agents in guests (virtio 1.2, 5.3 with VIRTIO_CONSOLE_F_MULTIPORT).</summary>
/// <remarks>
/// Port 0, which would be a console, does not exist; the others are numbered as they are given. What has to be told about ports waits as
/// flags of each, so that a driver that never takes it costs nothing. Input waits on the host until a program of the guest has opened the port.
/// </remarks>
internal sealed class VirtioSerial : IVirtioDevice, IStateful<VirtioSerialState>, IDisposable
{
    /// <summary>Ports that one device has at most.</summary>
    public const int MostPorts = 30;

    /// <summary>Characters of a name.</summary>
    public const int LongestName = 64;

    private const ulong FeatureMultiport = 1ul << 1;
    private const int ControlReceiveQueue = 2;
    private const int ControlTransmitQueue = 3;
    private const int FirstPortQueue = 4;
    private const int ConfigurationSize = 12;
    private const int MaximumPortsOffset = 4;
    private const int MessageSize = 8;

    // Events of control messages (5.3.6.2).
    private const ushort DeviceReady = 0;
    private const ushort PortAdd = 1;
    private const ushort PortReady = 3;
    private const ushort PortOpen = 6;
    private const ushort PortName = 7;

    private readonly Port[] _ports;
    private readonly Action[] _receive;
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private bool _hasPorts;

    /// <param name="ports">Names, which the guest finds in <c>/dev/virtio-ports</c>, and the host's sides; at most <see cref="MostPorts"/>.</param>
    public VirtioSerial(IReadOnlyList<(string Name, ICharacterBackend Backend)> ports)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ports.Count, MostPorts);
        _ports = [.. ports.Select((port, index) => new Port(index + 1, Encoding.UTF8.GetBytes(port.Name), new CharacterPort(port.Backend)))];
        _receive = Array.ConvertAll<Port, Action>(_ports, port => () => Receive(port));
    }

    [Flags]
    private enum Pending : byte
    {
        None = 0,
        Add = 1,
        Name = 2,
        Open = 4,
    }

    /// <inheritdoc/>
    public uint DeviceId => 3;

    /// <inheritdoc/>
    public ulong Features => FeatureMultiport;

    /// <inheritdoc/>
    public int QueueCount => FirstPortQueue + 2 * _ports.Length;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 128;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        _interrupts = interrupts;
        _hasPorts = (features & FeatureMultiport) != 0;
        for (var i = 0; i < _ports.Length; i++)
        {
            var receive = _receive[i];
            _ports[i].Stream.SetInputHandler(() => interrupts.Synchronize(receive));
        }
    }

    /// <inheritdoc/>
    public void Reset()
    {
        foreach (var port in _ports)
        {
            port.Stream.SetInputHandler(null);
            (port.IsOpen, port.Pending) = (false, Pending.None);
        }

        _queues = [];
        _interrupts = null;
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (_queues.Count == 0 || !_hasPorts)
            return;
        switch (queue)
        {
            case ControlReceiveQueue:
                Tell();
                break;
            case ControlTransmitQueue:
                TakeMessages();
                Tell();
                break;
            case >= FirstPortQueue when (queue & 1) == 0:
                Receive(_ports[(queue - FirstPortQueue) / 2]);
                break;
            case >= FirstPortQueue:
                _ports[(queue - FirstPortQueue) / 2].Stream.Transmit(_queues[queue], _interrupts);
                break;
        }
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        Span<byte> configuration = stackalloc byte[ConfigurationSize];
        configuration.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(configuration[MaximumPortsOffset..], _ports.Length + 1);
        if (offset < ConfigurationSize)
            configuration.Slice((int)offset, Math.Min(destination.Length, ConfigurationSize - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <inheritdoc/>
    public VirtioSerialState Save() => new([.. _ports.Select(port => new VirtioPortState(port.IsOpen, (byte)port.Pending))]);

    /// <inheritdoc/>
    /// <remarks>The transport is restored before: it resets the device.</remarks>
    public void Restore(VirtioSerialState state)
    {
        for (var i = 0; i < Math.Min(_ports.Length, state.Ports.Count); i++)
            (_ports[i].IsOpen, _ports[i].Pending) = (state.Ports[i].IsOpen, (Pending)state.Ports[i].Pending & (Pending.Add | Pending.Name | Pending.Open));
        _interrupts?.Synchronize(ReceiveAll);
    }

    /// <summary>Detaches from the back ends.</summary>
    public void Dispose()
    {
        foreach (var port in _ports)
            port.Stream.SetInputHandler(null);
    }

    private void ReceiveAll()
    {
        foreach (var port in _ports)
            Receive(port);
    }

    private void Receive(Port port)
    {
        if (port.IsOpen && _queues.Count > 0)
            port.Stream.Receive(_queues[FirstPortQueue + 2 * (port.Number - 1)], _interrupts);
    }

    private void TakeMessages()
    {
        var ring = _queues[ControlTransmitQueue];
        Span<byte> message = stackalloc byte[MessageSize];
        do
        {
            while (ring.TryPop() is { } chain)
            {
                if (chain.TryRead(0, message))
                    Take(BinaryPrimitives.ReadUInt32LittleEndian(message), BinaryPrimitives.ReadUInt16LittleEndian(message[4..]), BinaryPrimitives.ReadUInt16LittleEndian(message[6..]) != 0);
                ring.Push(chain.Head, 0);
            }
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void Take(uint number, ushort kind, bool value)
    {
        if (kind == DeviceReady && value)
        {
            foreach (var port in _ports)
                port.Pending = Pending.Add;
        }

        if (number - 1 >= (uint)_ports.Length)
            return;
        var one = _ports[number - 1];
        if (kind == PortReady && value)
        {
            // The host's end counts as open at all times: who connects late finds what is printed from then on.
            one.Pending |= Pending.Name | Pending.Open;
        }
        else if (kind == PortOpen)
        {
            one.IsOpen = value;
            Receive(one);
        }
    }

    /// <summary>Gives the driver the messages that wait, as far as it has room.</summary>
    private void Tell()
    {
        var ring = _queues[ControlReceiveQueue];
        ring.EnableNotifications();
        foreach (var port in _ports)
        {
            while (port.Pending != Pending.None && ring.HasPending && ring.TryPop() is { } chain)
            {
                ring.Push(chain.Head, Tell(port, chain));
                ring.EnableNotifications();
            }
        }

        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private static uint Tell(Port port, DescriptorChain chain)
    {
        var next = (Pending)((byte)port.Pending & -(byte)port.Pending);
        port.Pending &= ~next;
        ReadOnlySpan<byte> name = next == Pending.Name ? port.Name : default;
        Span<byte> message = stackalloc byte[MessageSize + LongestName * 4];
        message = message[..(MessageSize + name.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(message, port.Number);
        BinaryPrimitives.WriteUInt16LittleEndian(message[4..], next switch { Pending.Add => PortAdd, Pending.Name => PortName, _ => PortOpen });
        BinaryPrimitives.WriteUInt16LittleEndian(message[6..], 1);
        name.CopyTo(message[MessageSize..]);
        return chain.TryWrite(0, message) ? (uint)message.Length : 0;
    }

    private sealed class Port(int number, byte[] name, CharacterPort stream)
    {
        public int Number => number;

        public byte[] Name => name;

        public CharacterPort Stream => stream;

        /// <summary>A program of the guest has it open.</summary>
        public bool IsOpen { get; set; }

        public Pending Pending { get; set; }
    }
}
