using System.Globalization;
using System.Net.Sockets;

namespace Arm64Vm.Devices.Net.User;

/// <summary>A network made of the user's own connections, without privileges: passt (https://passt.top) ends the guest's TCP, UDP and ICMP and opens sockets of the host.</summary>
/// <remarks>
/// passt checks its options, binds the forwarded ports, and goes into the background; that it ended well says that the network is there.
/// It has one end of a pair of sockets and ends when the other is closed, also by the death of this process.
/// </remarks>
internal static class UserNetwork
{
    /// <summary>The guest's, by DHCP.</summary>
    public const string GuestAddress = "10.0.2.15";

    /// <summary>The gateway; also the host itself, whose loopback interface the guest sees there.</summary>
    public const string GatewayAddress = "10.0.2.2";

    public const string GuestAddress6 = "fec0::15";
    public const string GatewayAddress6 = "fec0::2";

    /// <summary>The largest IP packet that passt takes; it tells guests so.</summary>
    public const ushort Mtu = 65520;

    /// <summary>passt drops longer ones.</summary>
    private const int MaximumFrame = 65535;

    private const int SocketBuffer = 4 << 20;

    private const string Program = "passt";
    private const int SpawnedDescriptor = 3;
    private const string UnusableInterface = "interface not usable";

    /// <summary>Starts passt.</summary>
    /// <param name="forwards">Ports of the host that lead to the guest.</param>
    /// <param name="reachesHost">False: the gateway's address does not lead to the host's loopback interface.</param>
    /// <exception cref="NetworkException">passt is not installed, or refuses.</exception>
    public static StreamNetwork Start(IReadOnlyList<PortForward> forwards, bool reachesHost = true)
    {
        var arguments = Arguments(forwards, reachesHost);
        if (TryStart(arguments, out var message) is { } network)
            return network;

        // A host without any network but its own has no interface to take as a model.
        if (message.Contains(UnusableInterface, StringComparison.Ordinal) && TryStart([.. arguments, "--interface", "lo"], out message) is { } local)
            return local;
        throw new NetworkException($"passt does not start: {message}");
    }

    /// <summary>Starts passt as <see cref="Start"/> does, for another emulator that listens on a socket; it ends with that emulator.</summary>
    /// <param name="socketFile">Where that listens.</param>
    /// <exception cref="NetworkException">passt is not installed, or refuses.</exception>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public static void Serve(string socketFile)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(socketFile));
        socket.SendBufferSize = SocketBuffer;
        var arguments = Arguments([], reachesHost: true);
        var descriptor = (int)socket.Handle;
        if (TryRun(arguments, [descriptor], out var message)
            || (message.Contains(UnusableInterface, StringComparison.Ordinal) && TryRun([.. arguments, "--interface", "lo"], [descriptor], out message)))
            return;
        throw new NetworkException($"passt does not start: {message}");
    }

    private static StreamNetwork? TryStart(IReadOnlyList<string> arguments, out string message)
    {
        var (ours, theirs) = ChildProcess.CreateSocketPair();
        var socket = new Socket(new SafeSocketHandle(ours, ownsHandle: true));
        bool runs;
        try
        {
            // What passt can send ahead of us; the host limits it.
            using (var far = new Socket(new SafeSocketHandle(theirs, ownsHandle: false)))
                far.SendBufferSize = SocketBuffer;
            socket.SendBufferSize = SocketBuffer;
            runs = TryRun(arguments, [theirs], out message);
        }
        finally
        {
            ChildProcess.Close(theirs);
        }

        if (runs)
            return new StreamNetwork(socket, NetworkOffloads.TakesSegments | NetworkOffloads.IsTrusted, MaximumFrame);
        socket.Dispose();
        return null;
    }

    /// <summary>Runs passt until it has gone into the background.</summary>
    /// <param name="arguments">Its options.</param>
    /// <param name="inherited">What it has open from the first descriptor on.</param>
    /// <param name="message">Why it refuses.</param>
    private static bool TryRun(IReadOnlyList<string> arguments, ReadOnlySpan<int> inherited, out string message)
    {
        var status = ChildProcess.Run(Program, arguments, inherited, out message);
        if (status is null)
            throw new NetworkException($"User networking needs passt, which cannot be started ({message}); 'apt install passt' brings it.");
        if (status == 0)
            return true;
        message = LastLine(message, status.Value);
        return false;
    }

    private static List<string> Arguments(IReadOnlyList<PortForward> forwards, bool reachesHost)
    {
        List<string> arguments =
        [
            "--quiet", "--fd", Invariant(SpawnedDescriptor), "--mtu", Invariant(Mtu), "--mac-addr", "52:55:0a:00:02:02",
            "--address", GuestAddress, "--netmask", "24", "--gateway", GatewayAddress, "--address", GuestAddress6, "--gateway", GatewayAddress6,
        ];
        if (!reachesHost)
            arguments.Add("--no-map-gw");
        foreach (var forward in forwards)
            arguments.AddRange([forward.IsUdp ? "--udp-ports" : "--tcp-ports", $"{forward.HostAddress}/{Invariant(forward.HostPort)}:{Invariant(forward.GuestPort)}"]);
        return arguments;
    }

    /// <summary>The reason is what it says last; where there is no system log it complains of that as well.</summary>
    private static string LastLine(string output, int status)
    {
        var line = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(line => !line.EndsWith("to syslog", StringComparison.Ordinal) && !line.StartsWith("Don't run as root", StringComparison.Ordinal));
        return line ?? "it ended with status " + Invariant(status);
    }

    private static string Invariant(int value) => value.ToString(CultureInfo.InvariantCulture);
}
