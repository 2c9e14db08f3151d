using System.Buffers.Binary;
using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>A network device with one pair of queues (virtio 1.2, 5.1).</summary>
/// <remarks>
/// Notifications only wake the link's threads. What is not sent yet stays in the guest's ring and what is not received yet in the network,
/// so there is nothing to finish before a save.
/// </remarks>
internal sealed class VirtioNet : IVirtioDevice, INetworkEndpoint, IDisposable
{
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const ushort QueueSize = 1024;
    private const int ConfigurationSize = 12;
    private const byte LinkIsUp = 1;

    private readonly NetworkLink _link;
    private readonly byte[] _configuration = new byte[ConfigurationSize];
    private readonly ulong _offered;
    private readonly Action _transmit;
    private readonly Action _receive;
    private readonly FrameSender _sender = new();
    private readonly FrameReceiver _receiver = new();
    private IReadOnlyList<Virtqueue> _queues = [];
    private ulong _features;
    private volatile IVirtioInterrupts? _interrupts;
    private bool _isMore;
    private bool _isLive;
    private bool _hasRoom;

    /// <param name="link">What it is plugged into.</param>
    /// <param name="address">Six bytes.</param>
    /// <param name="mtu">The largest IP packet, which drivers then use; 0: they use 1500.</param>
    public VirtioNet(NetworkLink link, PhysicalAddress address, ushort mtu = 0)
    {
        _link = link;
        _transmit = TransmitFrames;
        _receive = ReceiveFrames;
        address.GetAddressBytes().CopyTo(_configuration, 0);
        _configuration[6] = link.Network.IsUp ? LinkIsUp : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(_configuration.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt16LittleEndian(_configuration.AsSpan(10), mtu);
        _offered = Offer(link.Network.Offloads) | (mtu > 0 ? VirtioNetFeatures.Mtu : 0);
        link.Attach(this);
    }

    /// <inheritdoc/>
    public uint DeviceId => 1;

    /// <inheritdoc/>
    public ulong Features => _offered;

    /// <inheritdoc/>
    public int QueueCount => 2;

    /// <inheritdoc/>
    public ushort GetMaximumQueueSize(int queue) => QueueSize;

    /// <inheritdoc/>
    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        _queues = queues;
        _features = features;
        _interrupts = interrupts;
        _link.Network.Accept(Has(VirtioNetFeatures.GuestChecksum), Has(VirtioNetFeatures.GuestSegments4), Has(VirtioNetFeatures.GuestSegments6));

        // After a restore there may be frames to send that nobody will notify of.
        _link.RequestReceive();
        _link.RequestTransmit();
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _queues = [];
        _features = 0;
        _interrupts = null;
        _link.Network.Accept(false, false, false);
        _link.RequestReceive();
    }

    /// <inheritdoc/>
    public void Notify(int queue)
    {
        if (queue == ReceiveQueue)
            _link.RequestReceive();
        else if (queue == TransmitQueue)
            _link.RequestTransmit();
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

    /// <summary>Leaves the link, which stays.</summary>
    public void Dispose() => _link.Detach(this);

    /// <inheritdoc/>
    bool INetworkEndpoint.Transmit(INetwork network)
    {
        _isMore = false;
        _interrupts?.Synchronize(_transmit);
        return _isMore;
    }

    /// <inheritdoc/>
    bool INetworkEndpoint.Receive(INetwork network)
    {
        _isLive = false;
        _hasRoom = true;
        _interrupts?.Synchronize(_receive);

        // Without a driver frames are lost, as on a cable into a machine that is off.
        while (!_isLive && network.TryPeek(out _, out _))
            network.Consume();
        return _hasRoom;
    }

    /// <inheritdoc/>
    void INetworkEndpoint.LinkDown()
    {
        Volatile.Write(ref _configuration[6], 0);
        _interrupts?.RaiseConfigurationChange();
    }

    private static ulong Offer(NetworkOffloads offloads)
    {
        // What the network does not do the sender does here, which is quicker than in the guest.
        var features = VirtioNetFeatures.MacAddress | VirtioNetFeatures.Status | VirtioNetFeatures.MergeableBuffers
            | VirtioNetFeatures.Checksum | VirtioNetFeatures.HostSegments4 | VirtioNetFeatures.HostSegments6;
        if ((offloads & (NetworkOffloads.GivesBoth | NetworkOffloads.IsTrusted)) != 0)
            features |= VirtioNetFeatures.GuestChecksum;
        if ((offloads & NetworkOffloads.GivesBoth) != 0)
            features |= VirtioNetFeatures.GuestSegments4 | VirtioNetFeatures.GuestSegments6;
        return features;
    }

    private bool Has(ulong feature) => (_features & feature) != 0;

    private void TransmitFrames()
    {
        if (_queues.Count == 0)
            return;
        var ring = _queues[TransmitQueue];
        do
        {
            while (_link.Network.HasRoom && ring.TryPop() is { } chain)
            {
                _sender.Send(_link.Network, chain, _features);
                ring.Push(chain.Head, 0);
            }

            _isMore = ring.HasPending;
        }
        while (!_isMore && ring.EnableNotifications());
        Finish(ring);
    }

    private void ReceiveFrames()
    {
        if (_queues.Count == 0)
            return;
        _isLive = true;
        var (ring, network) = (_queues[ReceiveQueue], _link.Network);
        while (network.TryPeek(out var header, out var frame))
        {
            if (!Has(VirtioNetFeatures.GuestChecksum))
                header = default;
            else if (!header.WantsChecksum && (network.Offloads & NetworkOffloads.IsTrusted) != 0)
                header = header with { Flags = FrameHeader.ChecksumIsValid };
            if (_receiver.TryGive(ring, header, frame, Has(VirtioNetFeatures.MergeableBuffers)))
            {
                network.Consume();
            }
            else if (!ring.EnableNotificationsOfMore())
            {
                _hasRoom = false;
                break;
            }
        }

        Finish(ring);
    }

    private void Finish(Virtqueue ring)
    {
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
        if (ring.IsBroken)
            _interrupts?.RequestReset();
    }
}
