using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>A link's end in a network device: moves frames between the link's network and the pairs of queues that it serves.</summary>
/// <remarks>
/// A network with queues of its own has a link for each, which serves one pair. One that has none has a single link for all pairs: a frame
/// then goes to the pair that its flow was last sent through. Notifications only wake the link's threads, which come for frames under
/// the device's lock.
/// </remarks>
internal sealed class LinkEnd : INetworkEndpoint, IDisposable
{
    private readonly NetworkLink _link;
    private readonly int _first;
    private readonly int _step;
    private readonly Action _linkDown;
    private readonly Action _transmit;
    private readonly Action _receive;
    private readonly FrameSender _sender = new();
    private readonly FrameReceiver _receiver = new();
    private readonly FlowTable? _flows;
    private IReadOnlyList<Virtqueue> _queues = [];
    private ulong _features;
    private volatile IVirtioInterrupts? _interrupts;
    private int _pairs = 1;
    private int _turn;
    private bool _isMore;
    private bool _isLive;
    private bool _hasRoom;

    /// <param name="link">What it is the end of.</param>
    /// <param name="first">The first pair that it serves.</param>
    /// <param name="step">From one pair that it serves to the next.</param>
    /// <param name="maximumPairs">Pairs of the device.</param>
    /// <param name="linkDown">The network is gone.</param>
    public LinkEnd(NetworkLink link, int first, int step, int maximumPairs, Action linkDown)
    {
        (_link, _first, _step, _linkDown) = (link, first, step, linkDown);
        _turn = first;
        _transmit = TransmitFrames;
        _receive = ReceiveFrames;
        _flows = first + step < maximumPairs ? new FlowTable() : null;
        link.Network.SetInUse(first < _pairs);
        link.Attach(this);
    }

    /// <summary>The driver is ready.</summary>
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

    public void Reset()
    {
        _queues = [];
        _features = 0;
        _interrupts = null;
        _flows?.Clear();
        _link.Network.Accept(false, false, false);
        UsePairs(1);
    }

    /// <summary>The first so many pairs of the device are used.</summary>
    public void UsePairs(int pairs)
    {
        _pairs = pairs;
        _turn = _first;
        _link.Network.SetInUse(_first < pairs);

        // Queues may hold buffers since before they were used.
        _link.RequestReceive();
        _link.RequestTransmit();
    }

    /// <summary>The driver put buffers into a queue of a pair that this serves.</summary>
    public void Notify(bool isTransmit)
    {
        if (isTransmit)
            _link.RequestTransmit();
        else
            _link.RequestReceive();
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
    void INetworkEndpoint.LinkDown() => _linkDown();

    private bool Has(ulong feature) => (_features & feature) != 0;

    /// <summary>Each pair in turn, from the one that was about to send when there was no more room.</summary>
    private void TransmitFrames()
    {
        if (_queues.Count == 0)
            return;
        var count = (_pairs - _first + _step - 1) / _step;
        for (var i = 0; i < count && !_isMore; i++)
        {
            TransmitFrames(_turn);
            if (!_isMore)
                _turn = _turn + _step < _pairs ? _turn + _step : _first;
        }
    }

    private void TransmitFrames(int pair)
    {
        var ring = _queues[VirtioNet.TransmitQueue(pair)];
        do
        {
            while (_link.Network.HasRoom && ring.TryPop() is { } chain)
            {
                _sender.Send(_link.Network, chain, _features);
                if (_flows is { } flows)
                    Note(flows, chain, pair);
                ring.Push(chain.Head, 0);
            }

            _isMore = ring.HasPending;
        }
        while (!_isMore && ring.EnableNotifications());
        Finish(ring);
    }

    private static void Note(FlowTable flows, DescriptorChain chain, int pair)
    {
        Span<byte> start = stackalloc byte[FlowTable.Needed];
        if (chain.ReadableLength <= FrameHeader.Size)
            return;
        start = start[..(int)Math.Min(FlowTable.Needed, chain.ReadableLength - FrameHeader.Size)];
        if (chain.TryRead(FrameHeader.Size, start))
            flows.Set(start, pair);
    }

    private void ReceiveFrames()
    {
        if (_queues.Count == 0 || _first >= _pairs)
            return;
        _isLive = true;
        var network = _link.Network;
        var ring = _queues[VirtioNet.ReceiveQueue(_first)];
        while (network.TryPeek(out var header, out var frame))
        {
            if (_flows is { } flows && Choose(flows.Find(frame)) is var chosen && chosen != ring)
            {
                Finish(ring);
                ring = chosen;
            }

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

    /// <summary>The receive queue of a pair; of the first one where that is not in use, so that a flow does not hold all others up.</summary>
    private Virtqueue Choose(int pair)
    {
        var ring = _queues[VirtioNet.ReceiveQueue(pair < _pairs ? pair : _first)];
        return ring.IsReady ? ring : _queues[VirtioNet.ReceiveQueue(_first)];
    }

    private void Finish(Virtqueue ring)
    {
        if (ring.ShouldInterrupt())
            _interrupts?.RaiseUsedBuffer(ring.Index);
        if (ring.IsBroken)
            _interrupts?.RequestReset();
    }
}
