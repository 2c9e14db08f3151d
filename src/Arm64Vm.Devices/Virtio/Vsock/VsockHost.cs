using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Devices.Virtio.Vsock;

/// <summary>
/// The host's end of vsock, as Firecracker has it: a program of the host connects to a UNIX domain socket and writes <c>CONNECT port</c> and a
/// line feed, and gets <c>OK port</c> when the guest has accepted; a guest that connects to port n of the host reaches the socket
/// <c>PATH_n</c>, if a program listens there.
/// </summary>
internal sealed class VsockHost : IDisposable
{
    private const int LongestRequest = 32;
    private const int Backlog = 64;

    private readonly string _path;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private VirtioVsock? _device;

    /// <exception cref="IOException">The path cannot be listened on.</exception>
    public VsockHost(string path)
    {
        _path = path;
        try
        {
            SocketFile.RemoveAbandoned(path);
            _listener.Bind(new UnixDomainSocketEndPoint(path));
            _listener.Listen(Backlog);
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException or ArgumentException)
        {
            _listener.Dispose();
            throw new IOException($"The socket '{path}' cannot be made: {e.Message}", e);
        }

        _ = AcceptAsync();
    }

    /// <summary>The device of the current board, while its driver uses it.</summary>
    public VirtioVsock? Device
    {
        get => Volatile.Read(ref _device);
        set => Volatile.Write(ref _device, value);
    }

    /// <summary>Connects to what listens for a port of the host; null: nothing does.</summary>
    public Socket? TryConnect(uint port) => TryConnect(string.Create(CultureInfo.InvariantCulture, $"{_path}_{port}"));

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }

    /// <summary>Does not wait: what has no room for one more is as good as not there.</summary>
    private static Socket? TryConnect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    private async Task AcceptAsync()
    {
        var acceptor = new ConnectionAcceptor(_listener);
        while (await acceptor.NextAsync().ConfigureAwait(false) is { } connection)
            _ = OpenAsync(connection);
    }

    private async Task OpenAsync(Socket socket)
    {
        try
        {
            // Byte by byte, so that what follows the line is the stream's.
            var line = new byte[LongestRequest];
            for (var length = 0; length < line.Length && await socket.ReceiveAsync(line.AsMemory(length, 1)).ConfigureAwait(false) == 1; length++)
            {
                if (line[length] != (byte)'\n')
                    continue;
                var words = Encoding.ASCII.GetString(line, 0, length).Split(' ');
                if (words is ["CONNECT", var number] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
                    && Device is { } device && device.TryOpen(socket, port))
                    return;
                break;
            }
        }
        catch (SocketException)
        {
            // It has gone again.
        }

        socket.Dispose();
    }
}
