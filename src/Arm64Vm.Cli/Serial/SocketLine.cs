using System.Globalization;
using System.Net.Sockets;
using Arm64Vm.Devices;

namespace Arm64Vm.Cli.Serial;

/// <summary>A console on a socket: a server that one client at a time may use, or a client, which connects again when it is cut off.</summary>
/// <param name="option">What named it, for messages.</param>
/// <param name="target">Where.</param>
internal sealed class SocketLine(string option, SerialTarget target) : ConsoleLine
{
    private static readonly TimeSpan s_betweenTries = TimeSpan.FromMilliseconds(500);
    private Socket? _listener;
    private Socket? _first;

    public override string? Announcement => target.Waits ? $"{Application.Name}: {option}: the machine waits for a client at {Where}"
        : target.IsServer ? $"{Application.Name}: {option}: clients may connect to {Where}"
        : null;

    public override string Place => $"{(target.Address!.Path is null ? "tcp:" : "")}{Where}{(target.IsServer ? ",server=on" : "")}";

    /// <summary>A client is connected already, and only its threads are waited for.</summary>
    protected override bool WaitsForPeer => target.Waits || !target.IsServer;

    /// <summary>With the port that the host chose for port 0.</summary>
    private string Where => target.Address!.Path is null && _listener?.LocalEndPoint is { } place
        ? place.ToString()!
        : string.Create(CultureInfo.InvariantCulture, $"{target.Address}");

    public override void Open()
    {
        if (target.IsServer)
        {
            _listener = target.Address!.Listen(backlog: 1);
            return;
        }

        try
        {
            _first = target.Address!.ConnectAsync(Stopping).GetAwaiter().GetResult();
        }
        catch (SocketException e)
        {
            throw new IOException($"{target.Address} cannot be connected to: {SocketFile.Explain(target.Address!.Path, e)}", e);
        }
    }

    protected override Stream? WaitForPeer()
    {
        try
        {
            var socket = Interlocked.Exchange(ref _first, null)
                ?? (target.IsServer ? _listener!.AcceptAsync(Stopping).AsTask() : target.Address!.ConnectAsync(Stopping)).GetAwaiter().GetResult();
            if (socket.AddressFamily != AddressFamily.Unix)
                socket.NoDelay = true;
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Stopping.WaitHandle.WaitOne(s_betweenTries);
            return null;
        }
    }

    protected override void CloseLine()
    {
        _first?.Dispose();
        if (_listener is null)
            return;
        _listener.Dispose();
        if (target.Address!.Path is { } path)
            File.Delete(path);
    }
}
