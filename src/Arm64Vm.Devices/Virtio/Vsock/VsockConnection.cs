using System.Net.Sockets;
using System.Threading.Channels;

namespace Arm64Vm.Devices.Virtio.Vsock;

/// <summary>One stream between a port of the guest and a socket of the host. Everything but its two loops is under the device's lock.</summary>
/// <param name="device">Where it belongs.</param>
/// <param name="socket">The host's end, owned.</param>
/// <param name="hostPort">The host's port.</param>
/// <param name="guestPort">The guest's port.</param>
internal sealed class VsockConnection(VirtioVsock device, Socket socket, uint hostPort, uint guestPort)
{
    /// <summary>Bytes that the guest may send ahead of the host's program.</summary>
    public const int Room = 256 * 1024;

    /// <summary>Bytes read ahead of the guest.</summary>
    private const int ReadSize = 64 * 1024;

    private readonly Channel<byte[]> _toHost = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _consumed = new(0);
    private readonly byte[] _read = new byte[ReadSize];
    private uint _announced;

    public uint HostPort => hostPort;

    public uint GuestPort => guestPort;

    /// <summary>The host's program asked for it, and the guest has not answered.</summary>
    public bool IsWaitingForGuest { get; init; }

    /// <summary>Bytes of the guest that have gone to the host.</summary>
    public uint Forwarded { get; private set; }

    /// <summary>Bytes of the guest that wait for the host.</summary>
    public int Waiting { get; private set; }

    /// <summary>What the host sent and the guest has not got.</summary>
    public ReadOnlyMemory<byte> Pending { get; private set; }

    /// <summary>The guest sends no more: the connection ends when what waits has gone.</summary>
    public bool IsClosing { get; set; }

    public uint PeerRoom { get; set; }

    public uint PeerForwarded { get; set; }

    public uint Sent { get; private set; }

    /// <summary>Bytes that the guest has room for.</summary>
    public int Credit => (int)Math.Clamp((long)PeerRoom - (uint)(Sent - PeerForwarded), 0, int.MaxValue);

    /// <summary>Lets data flow; <paramref name="greeting"/> goes to the host first.</summary>
    public void Start(byte[]? greeting)
    {
        if (greeting is not null)
            _toHost.Writer.TryWrite(greeting);
        _ = ReadAsync();
        _ = WriteAsync(greeting is not null);
    }

    /// <summary>Data of the guest; false where it is more than was allowed.</summary>
    public bool TryTake(byte[] data)
    {
        if (Waiting + data.Length > Room)
            return false;
        Waiting += data.Length;
        _toHost.Writer.TryWrite(data);
        return true;
    }

    /// <summary>The guest got so much of <see cref="Pending"/>.</summary>
    public void Consume(int length)
    {
        Sent += (uint)length;
        Pending = Pending[length..];
        if (Pending.IsEmpty)
            _consumed.Release();
    }

    /// <summary>The guest sends no more, but receives.</summary>
    public void FinishSending() => _toHost.Writer.TryComplete();

    public void Close()
    {
        _toHost.Writer.TryComplete();
        socket.Dispose();
        _consumed.Release();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(_read).ConfigureAwait(false) is var count and > 0)
            {
                device.Run(this, () => Pending = _read.AsMemory(0, count));
                await _consumed.WaitAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // As its end.
        }

        device.Run(this, () => device.HostFinished(this));
    }

    private async Task WriteAsync(bool hasGreeting)
    {
        try
        {
            await foreach (var data in _toHost.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                for (var sent = 0; sent < data.Length;)
                    sent += await socket.SendAsync(data.AsMemory(sent)).ConfigureAwait(false);
                if (!hasGreeting)
                    device.Run(this, () => Forward(data.Length));
                hasGreeting = false;
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            device.Run(this, () => device.Abort(this));
        }
    }

    private void Forward(int length)
    {
        Forwarded += (uint)length;
        Waiting -= length;
        if (IsClosing && Waiting == 0)
        {
            device.Abort(this);
            return;
        }

        // Not after every piece: a guest that waits for room waits for a large part of it.
        if (Forwarded - _announced < Room / 4)
            return;
        _announced = Forwarded;
        device.Announce(this);
    }
}
