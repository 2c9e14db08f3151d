using System.Net.Sockets;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>Two ends of a connection.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        Server = new NetworkStream(listener.Accept(), ownsSocket: true);
        Client = new NetworkStream(client, ownsSocket: true);
        File.Delete(path);
    }

    public NetworkStream Server { get; }

    public NetworkStream Client { get; }

    public void Dispose()
    {
        Server.Dispose();
        Client.Dispose();
    }
}
