using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Arm64Vm.Machine.Debugging;

namespace Arm64Vm.Machine.Vnc;

/// <summary>Shows a machine's display to VNC clients and takes what they type and point at (RFB 3.8, RFC 6143).</summary>
/// <remarks>
/// There is no password and no encryption, so it listens on the loopback interface or a UNIX socket that only its owner may connect to, and
/// nowhere else. Up to <see cref="MostClients"/> clients; one more, and one of an older protocol, is told why it is sent away. A client that wants
/// the display for itself has it: the others are sent away. Input needs <see cref="MachineConfig.HasInput"/>, a picture <see cref="MachineConfig.HasDisplay"/>.
/// </remarks>
public sealed class VncServer : IAsyncDisposable
{
    internal const int MostClients = 4;

    private const int FirstPort = 5900;

    private readonly VirtualMachine _machine;
    private readonly ClientListener<RfbSession> _clients;

    private VncServer(VirtualMachine machine, ListenAddress address)
    {
        _machine = machine;
        _clients = new ClientListener<RfbSession>(address, MostClients, Admit, (session, stop) => session.RunAsync(stop), machine.Config.Log);
        _clients.Start();
    }

    /// <summary>Where it listens.</summary>
    public EndPoint LocalEndPoint => _clients.LocalEndPoint;

    /// <summary>Starts to listen.</summary>
    /// <param name="machine">What is shown.</param>
    /// <param name="address"><c>:N</c> or <c>HOST:N</c>, port 5900 + N of a loopback address, or <c>unix:PATH</c>.</param>
    /// <exception cref="FormatException">The address is none, or one that others could reach.</exception>
    /// <exception cref="IOException">It cannot be listened on.</exception>
    public static VncServer Start(VirtualMachine machine, string address)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return new VncServer(machine, Parse(address));
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is none, or one that others could reach.</exception>
    internal static ListenAddress Parse(string address)
    {
        if (address.StartsWith("unix:", StringComparison.Ordinal))
            return ListenAddress.Parse(address);
        var colon = address.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var display) || display > ushort.MaxValue - FirstPort)
            throw new FormatException($"'{address}' is none of :N (port 5900 + N), HOST:N, unix:PATH");
        var host = address[..colon].Trim('[', ']');
        if (host is "" or "localhost")
            host = IPAddress.Loopback.ToString();
        if (!IPAddress.TryParse(host, out var ip) || !IPAddress.IsLoopback(ip))
            throw new FormatException($"'{host}' is not of the loopback interface; there is no password, so let others in through a tunnel (ssh -L)");
        return new ListenAddress(new IPEndPoint(ip, FirstPort + display), null);
    }

    /// <summary>Sends the clients away and listens no more; the machine goes on.</summary>
    public ValueTask DisposeAsync() => _clients.DisposeAsync();

    /// <summary>One more than there may be is only told so; what comes on top of that is not even talked to.</summary>
    private RfbSession? Admit(NetworkStream stream, int others)
    {
        if (others > MostClients)
            return null;
        var refusal = others == MostClients ? string.Create(CultureInfo.InvariantCulture, $"there are {MostClients} clients already, and more cannot be served") : null;
        return new RfbSession(_machine, stream, refusal, SendOthersAway);
    }

    private void SendOthersAway(RfbSession exclusive) => _clients.ForEach(session =>
    {
        if (session != exclusive)
            session.Close();
    });
}
