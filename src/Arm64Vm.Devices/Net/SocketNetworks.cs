using System.Net.Sockets;

namespace Arm64Vm.Devices.Net;

/// <summary>A cable between two machines, in two processes, also of other emulators: a UNIX domain stream socket.</summary>
internal static class SocketNetworks
{
    /// <summary>Connects to a machine that listens.</summary>
    /// <exception cref="NetworkException">Nobody listens there.</exception>
    public static StreamNetwork Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new StreamNetwork(socket);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new NetworkException($"The network socket '{path}' cannot be connected to: {SocketFile.Explain(path, e)}", e);
        }
    }

    /// <summary>Listens, until one other machine has connected; until then frames are lost.</summary>
    /// <exception cref="NetworkException">The path cannot be used.</exception>
    public static StreamNetwork Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
            return StreamNetwork.AcceptingFrom(listener, path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            listener.Dispose();
            throw new NetworkException($"The network socket '{path}' cannot be listened on: {e.Message}", e);
        }
    }
}
