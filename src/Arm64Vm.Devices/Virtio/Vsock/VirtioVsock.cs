using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Devices.Virtio.Vsock;

/// <summary>Stream sockets between guest and host (virtio 1.2, 5.10); the host's ends are UNIX domain sockets (<see cref="VsockHost"/>).</summary>
/// <remarks>
/// Bounded: at most <see cref="MostConnections"/> connections, each with <see cref="VsockConnection.Room"/> bytes and one buffer of the host's;
/// when <see cref="MostAnswers"/> answers wait for the guest's buffers, no more of its packets are taken.
/// </remarks>
internal sealed class VirtioVsock : IVirtioDevice, IDisposable
{
    private const int MostConnections = 1024;
    private const int MostAnswers = 1024;
    private const ulong HostCid = 2;
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const uint FirstHostPort = 1 << 30;
    private const uint NoReceive = 1;
    private const uint NoSend = 2;
    private const uint LongestPacket = 64 * 1024;

    private readonly ulong _cid;
    private readonly VsockHost _host;
    private readonly Dictionary<(uint Host, uint Guest), VsockConnection> _connections = [];
    private readonly Queue<VsockPacket> _answers = new();
    private readonly byte[] _header = new byte[VsockPacket.Size];
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;
    private uint _nextPort = FirstHostPort;

    /// <param name="cid">The guest's address, from 3 on.</param>
    /// <param name="host">The host's sockets; outlives the device.</param>
    public VirtioVsock(ulong cid, VsockHost host)
    {
        _cid = cid;
        _host = host;
    }

    /// <inheritdoc/>
    public uint DeviceId => 19;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public int QueueCount => 3;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => 256;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        Volatile.Write(ref _interrupts, interrupts);
        _host.Device = this;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        if (_host.Device == this)
            _host.Device = null;
        Volatile.Write(ref _interrupts, null);
        _queues = [];
        _answers.Clear();
        foreach (var connection in _connections.Values)
            connection.Close();
        _connections.Clear();
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (_queues.Count == 0)
            return;
        if (queue is ReceiveQueue or TransmitQueue)
        {
            Transmit();
            Pump();
        }
    }

    /// <inheritdoc/>
    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        Span<byte> all = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(all, _cid);
        if (offset < (uint)all.Length)
            all.Slice((int)offset, Math.Min(destination.Length, all.Length - (int)offset)).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
    }

    /// <summary>Closes what is open.</summary>
    public void Dispose() => Reset();

    /// <summary>A program of the host wants a port of the guest; false: the guest does not use the device. Any thread.</summary>
    public bool TryOpen(Socket socket, uint guestPort)
    {
        var opened = false;
        Volatile.Read(ref _interrupts)?.Synchronize(() =>
        {
            if (_queues.Count == 0 || _connections.Count >= MostConnections)
                return;
            var connection = new VsockConnection(this, socket, _nextPort++, guestPort) { IsWaitingForGuest = true };
            _connections.Add((connection.HostPort, guestPort), connection);
            Answer(connection, VsockOperation.Request);
            Pump();
            opened = true;
        });
        return opened;
    }

    /// <summary>Does something for a connection that is still there, and moves what can then be moved. Any thread.</summary>
    public void Run(VsockConnection connection, Action work) => Volatile.Read(ref _interrupts)?.Synchronize(() =>
    {
        if (_queues.Count == 0 || !IsThere(connection))
            return;
        work();
        Transmit();
        Pump();
    });

    /// <summary>The host's program sends no more.</summary>
    public void HostFinished(VsockConnection connection) => Answer(connection, VsockOperation.Shutdown, NoSend);

    /// <summary>Says how much room there is.</summary>
    public void Announce(VsockConnection connection) => Answer(connection, VsockOperation.CreditUpdate);

    /// <summary>Ends a connection at once.</summary>
    public void Abort(VsockConnection connection)
    {
        Answer(connection, VsockOperation.Reset);
        Remove(connection);
    }

    private bool IsThere(VsockConnection connection) => _connections.TryGetValue((connection.HostPort, connection.GuestPort), out var found) && found == connection;

    private void Remove(VsockConnection connection)
    {
        _connections.Remove((connection.HostPort, connection.GuestPort));
        connection.Close();
    }

    private void Transmit()
    {
        var ring = _queues[TransmitQueue];
        do
        {
            while (_answers.Count < MostAnswers && ring.TryPop() is { } chain)
            {
                if (chain.TryRead(0, _header))
                    Take(VsockPacket.Read(_header), chain);
                ring.Push(chain.Head, 0);
            }
        }
        while (ring.EnableNotifications() && _answers.Count < MostAnswers);
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void Take(in VsockPacket packet, DescriptorChain chain)
    {
        if (packet.SourceCid != _cid || packet.TargetCid != HostCid)
            return;
        _connections.TryGetValue((packet.TargetPort, packet.SourcePort), out var connection);
        if (packet.Type != VsockPacket.Stream || (connection is null && packet.Operation is not (VsockOperation.Request or VsockOperation.Reset)))
        {
            Refuse(packet);
            return;
        }

        if (connection is not null)
            (connection.PeerRoom, connection.PeerForwarded) = (packet.Room, packet.Forwarded);
        switch (packet.Operation)
        {
            case VsockOperation.Request when connection is null:
                Accept(packet);
                break;
            case VsockOperation.Response when connection!.IsWaitingForGuest:
                connection.Start(Encoding.ASCII.GetBytes($"OK {connection.HostPort}\n"));
                break;
            case VsockOperation.Reset:
                if (connection is not null)
                    Remove(connection);
                break;
            case VsockOperation.Shutdown:
                Shutdown(connection!, packet.Flags);
                break;
            case VsockOperation.Data:
                TakeData(connection!, packet, chain);
                break;
            case VsockOperation.CreditUpdate:
                break;
            case VsockOperation.CreditRequest:
                Announce(connection!);
                break;
            default:
                Abort(connection!);
                break;
        }
    }

    private void Accept(in VsockPacket packet)
    {
        if (_connections.Count >= MostConnections || _host.TryConnect(packet.TargetPort) is not { } socket)
        {
            Refuse(packet);
            return;
        }

        var connection = new VsockConnection(this, socket, packet.TargetPort, packet.SourcePort) { PeerRoom = packet.Room, PeerForwarded = packet.Forwarded };
        _connections.Add((packet.TargetPort, packet.SourcePort), connection);
        Answer(connection, VsockOperation.Response);
        connection.Start(greeting: null);
    }

    private void Shutdown(VsockConnection connection, uint flags)
    {
        if ((flags & NoSend) == 0)
            return;
        if ((flags & NoReceive) == 0)
        {
            connection.FinishSending();
            return;
        }

        connection.IsClosing = true;
        if (connection.Waiting == 0)
            Abort(connection);
    }

    private void TakeData(VsockConnection connection, in VsockPacket packet, DescriptorChain chain)
    {
        if (packet.Length > Math.Min(LongestPacket, chain.ReadableLength - VsockPacket.Size))
        {
            Abort(connection);
            return;
        }

        var data = new byte[packet.Length];
        if (!chain.TryRead(VsockPacket.Size, data) || !connection.TryTake(data))
            Abort(connection);
    }

    private void Refuse(in VsockPacket packet)
    {
        if (packet.Operation != VsockOperation.Reset)
            _answers.Enqueue(new VsockPacket(HostCid, _cid, packet.TargetPort, packet.SourcePort, 0, packet.Type, VsockOperation.Reset, 0, 0, 0));
    }

    private void Answer(VsockConnection connection, VsockOperation operation, uint flags = 0) => _answers.Enqueue(Packet(connection, operation, flags, 0));

    private VsockPacket Packet(VsockConnection connection, VsockOperation operation, uint flags, uint length) =>
        new(HostCid, _cid, connection.HostPort, connection.GuestPort, length, VsockPacket.Stream, operation, flags, VsockConnection.Room, connection.Forwarded);

    /// <summary>Fills the guest's buffers: answers first, then data of connections that the guest has room for.</summary>
    private void Pump()
    {
        var ring = _queues[ReceiveQueue];
        ring.EnableNotifications();
        while (_answers.Count > 0 && ring.TryPop() is { } chain)
            ring.Push(chain.Head, Give(chain, _answers.Dequeue(), default));
        if (_answers.Count == 0)
        {
            foreach (var connection in _connections.Values)
                GiveData(ring, connection);
        }

        ring.EnableNotifications();
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void GiveData(Virtqueue ring, VsockConnection connection)
    {
        while (connection.Pending.Length > 0 && connection.Credit > 0 && ring.TryPop() is { } chain)
        {
            var room = chain.WritableLength > VsockPacket.Size ? chain.WritableLength - VsockPacket.Size : 0;
            var length = (int)Math.Min(room, (ulong)Math.Min(connection.Credit, connection.Pending.Length));
            var written = length == 0 ? 0 : Give(chain, Packet(connection, VsockOperation.Data, 0, (uint)length), connection.Pending.Span[..length]);
            ring.Push(chain.Head, written);
            if (written != 0)
                connection.Consume(length);
        }
    }

    private uint Give(DescriptorChain chain, in VsockPacket packet, ReadOnlySpan<byte> data)
    {
        packet.Write(_header);
        return chain.TryWrite(0, _header) && chain.TryWrite(VsockPacket.Size, data) ? (uint)(VsockPacket.Size + data.Length) : 0;
    }
}
