namespace Arm64Vm.Devices.Net;

/// <summary>What a network device does when its link's threads ask it to.</summary>
internal interface INetworkEndpoint
{
    /// <summary>Moves frames of the guest to the network, while it has room. Does not wait.</summary>
    /// <returns>True: there are more.</returns>
    bool Transmit(INetwork network);

    /// <summary>Moves frames of the network to the guest. Does not wait.</summary>
    /// <returns>False: the guest has no room for the next one.</returns>
    bool Receive(INetwork network);

    /// <summary>The other end is gone.</summary>
    void LinkDown();
}

/// <summary>The cable between a network and whatever device is plugged in: a thread for each direction, so that no processor waits for the host.</summary>
/// <remarks>
/// It stays when the machine is reset, and the device is replaced. Frames that come while there is no device are dropped; while a device
/// has no room they wait in the network, which is bounded. Order of locks: those of the directions, then the device's.
/// </remarks>
internal sealed class NetworkLink : IDisposable
{
    private readonly INetwork _network;
    private readonly bool _hasThreads;
    private readonly Lock _sending = new();
    private readonly Lock _receiving = new();
    private readonly AutoResetEvent _hasWork = new(false);
    private readonly AutoResetEvent _hasRoom = new(false);
    private readonly Thread? _sender;
    private readonly Thread? _receiver;
    private INetworkEndpoint? _endpoint;
    private volatile bool _wantsFrames;
    private volatile bool _isEnding;

    /// <param name="network">Owned from now on.</param>
    /// <param name="hasThreads">False: frames move within <see cref="RequestTransmit"/> and <see cref="Pump"/>, in the machine's own time.</param>
    public NetworkLink(INetwork network, bool hasThreads = true)
    {
        _network = network;
        _hasThreads = hasThreads;
        if (!hasThreads)
            return;
        _sender = new Thread(Send) { IsBackground = true, Name = "arm64vm-net-out" };
        _receiver = new Thread(Receive) { IsBackground = true, Name = "arm64vm-net-in" };
        _sender.Start();
        _receiver.Start();
    }

    internal INetwork Network => _network;

    internal void Attach(INetworkEndpoint endpoint)
    {
        lock (_sending)
        {
            lock (_receiving)
                _endpoint = endpoint;
        }

        _hasRoom.Set();
    }

    /// <summary>Afterwards no thread is in the device. Not under the device's lock.</summary>
    internal void Detach(INetworkEndpoint endpoint)
    {
        lock (_sending)
        {
            lock (_receiving)
            {
                if (_endpoint == endpoint)
                    _endpoint = null;
            }
        }

        _hasRoom.Set();
    }

    /// <summary>The guest has frames to send. Does not wait.</summary>
    internal void RequestTransmit()
    {
        if (_hasThreads)
            _hasWork.Set();
        else
            SendAll();
    }

    /// <summary>The guest has room. Does not wait.</summary>
    internal void RequestReceive()
    {
        if (!_hasThreads)
            return;
        _hasRoom.Set();

        // The receiver may be waiting for the network; what has come already must not wait with it.
        if (_network.TryPeek(out _, out _))
        {
            _wantsFrames = true;
            _hasWork.Set();
        }
    }

    /// <summary>Without threads: moves what has come to the device.</summary>
    internal void Pump()
    {
        lock (_receiving)
            _endpoint?.Receive(_network);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isEnding = true;
        _network.Close();
        _hasWork.Set();
        _hasRoom.Set();
        _sender?.Join();
        _receiver?.Join();
        _network.Dispose();
        _hasWork.Dispose();
        _hasRoom.Dispose();
    }

    private void Send()
    {
        while (!_isEnding)
        {
            _hasWork.WaitOne();
            if (_wantsFrames)
            {
                _wantsFrames = false;
                Deliver();
            }

            SendAll();
        }
    }

    private void SendAll()
    {
        for (var isMore = true; isMore && !_isEnding;)
        {
            lock (_sending)
                isMore = _endpoint?.Transmit(_network) ?? false;

            // The other end may let this wait; nobody needs the lock for that.
            _network.Flush();
        }
    }

    private void Receive()
    {
        while (!_isEnding && _network.WaitForMore())
        {
            if (!Deliver() && _network.IsFull)
                _hasRoom.WaitOne();
        }

        lock (_receiving)
            _endpoint?.LinkDown();
    }

    /// <summary>False: the guest had no room for all of it.</summary>
    private bool Deliver()
    {
        lock (_receiving)
        {
            if (_endpoint is { } endpoint)
                return endpoint.Receive(_network);
            Drop();
            return true;
        }
    }

    private void Drop()
    {
        while (_network.TryPeek(out _, out _))
            _network.Consume();
    }
}
