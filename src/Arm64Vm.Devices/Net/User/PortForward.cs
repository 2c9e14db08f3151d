using System.Net;

namespace Arm64Vm.Devices.Net.User;

/// <summary>A port of the host that leads to one of the guest.</summary>
/// <param name="IsUdp">UDP instead of TCP.</param>
/// <param name="HostAddress">Where the host listens.</param>
/// <param name="HostPort">1..65535.</param>
/// <param name="GuestPort">1..65535.</param>
public sealed record PortForward(bool IsUdp, IPAddress HostAddress, int HostPort, int GuestPort)
{
    /// <summary>Reads <c>[tcp:|udp:][ADDRESS:]HOSTPORT:GUESTPORT</c>; IPv6 addresses in brackets. Without an address only the host itself reaches the port.</summary>
    public static bool TryParse(string text, out PortForward? forward)
    {
        forward = null;
        var isUdp = text.StartsWith("udp:", StringComparison.Ordinal);
        var rest = isUdp || text.StartsWith("tcp:", StringComparison.Ordinal) ? text[4..] : text;
        var last = rest.LastIndexOf(':');
        if (last < 0 || !TryParsePort(rest[(last + 1)..], out var guestPort))
            return false;
        rest = rest[..last];
        var address = IPAddress.Loopback;
        last = rest.LastIndexOf(':');
        if (last >= 0)
        {
            if (!IPAddress.TryParse(rest[..last].Trim('[', ']'), out var parsed))
                return false;
            address = parsed;
            rest = rest[(last + 1)..];
        }

        if (!TryParsePort(rest, out var hostPort))
            return false;
        forward = new PortForward(isUdp, address, hostPort, guestPort);
        return true;
    }

    private static bool TryParsePort(string text, out int port) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
