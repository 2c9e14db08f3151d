using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Arm64Vm.Devices;

namespace Arm64Vm.Machine.Debugging;

/// <summary>Where a server listens or a client connects: a TCP port or a Unix socket.</summary>
/// <param name="EndPoint">Of a TCP port with a name for its host: a <see cref="DnsEndPoint"/>.</param>
/// <param name="Path">Of a Unix socket; null: TCP.</param>
internal sealed record ListenAddress(EndPoint EndPoint, string? Path)
{
    /// <summary>Reads <c>:PORT</c> (on the loopback interface), <c>HOST:PORT</c>, either also behind <c>tcp:</c>, or <c>unix:PATH</c>.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static ListenAddress Parse(string text)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal) && text.Length > 5)
        {
            try
            {
                return new ListenAddress(new UnixDomainSocketEndPoint(text[5..]), text[5..]);
            }
            catch (ArgumentException e)
            {
                throw new FormatException($"'{text}' is too long for the path of a socket", e);
            }
        }

        var address = text.StartsWith("tcp:", StringComparison.Ordinal) ? text[4..] : text;
        var colon = address.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            throw new FormatException($"'{text}' is none of :PORT, HOST:PORT, unix:PATH");
        var host = address[..colon].Trim('[', ']');
        if (host.Length == 0)
            return new ListenAddress(new IPEndPoint(IPAddress.Loopback, port), null);
        return new ListenAddress(IPAddress.TryParse(host, out var ip) ? new IPEndPoint(ip, port) : new DnsEndPoint(host, port), null);
    }

    /// <summary>Listens. A Unix socket that nobody listens on any more is replaced; only its owner may connect to the new one.</summary>
    /// <exception cref="IOException">The address cannot be had.</exception>
    public Socket Listen(int backlog)
    {
        Socket? socket = null;
        try
        {
            if (Path is null)
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                var place = EndPoint is DnsEndPoint name ? new IPEndPoint(Find(name.Host), name.Port) : (IPEndPoint)EndPoint;
                if (socket.AddressFamily != place.AddressFamily)
                {
                    socket.Dispose();
                    socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                }

                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(place);
            }
            else
            {
                SocketFile.RemoveAbandoned(Path);
                socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Bind(EndPoint);
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or UnauthorizedAccessException)
        {
            socket?.Dispose();
            throw new IOException($"{this} cannot be listened on: {e.Message}", e);
        }
    }

    /// <summary>Connects.</summary>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    public async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = Path is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true } : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(EndPoint, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override string ToString() => Path is null ? EndPoint switch
    {
        DnsEndPoint name => string.Create(CultureInfo.InvariantCulture, $"{name.Host}:{name.Port}"),
        _ => EndPoint.ToString()!,
    }
        : "unix:" + Path;

    /// <summary>Of a host with both, the IPv4 address, where more clients look.</summary>
    private static IPAddress Find(string host)
    {
        var all = Dns.GetHostAddresses(host);
        return Array.Find(all, address => address.AddressFamily == AddressFamily.InterNetwork) ?? all[0];
    }
}
