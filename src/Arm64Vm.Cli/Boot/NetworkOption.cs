using System.Globalization;
using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>The text of <c>--net</c>: what the device is plugged into, and options behind commas.</summary>
internal static class NetworkOption
{
    public const string Syntax = "user[,forward=[udp:][ADDRESS:]PORT:PORT][,host=off]|tap,ifname=NAME|socket,listen=PATH|socket,connect=PATH[,mac=ADDRESS][,bus=mmio|pci][,queues=N][,boot=on]";

    /// <exception cref="CliException">It is none.</exception>
    public static NetworkConfig Parse(string text)
    {
        var parts = text.Split(',');
        var options = parts.Skip(1).Select(Split).ToList();
        NetworkConfig config = parts[0] switch
        {
            "user" => new UserNetworkConfig
            {
                Forwards = [.. Take(options, "forward").Select(ParseForward)],
                ReachesHost = TakeOne(options, "host") is not { } host || IsOn("host", host),
            },
            "tap" => new TapNetworkConfig(TakeOne(options, "ifname") ?? throw CliException.Usage("--net: tap needs ifname=NAME")),
            "socket" => (TakeOne(options, "listen"), TakeOne(options, "connect")) switch
            {
                ({ } path, null) => new SocketNetworkConfig(path, Listens: true),
                (null, { } path) => new SocketNetworkConfig(path, Listens: false),
                _ => throw CliException.Usage("--net: socket needs either listen=PATH or connect=PATH"),
            },
            _ => throw CliException.Usage($"--net: '{parts[0]}' is not one of user, tap, socket"),
        };
        if (TakeOne(options, "mac") is { } address)
            config = config with { MacAddress = ParseAddress(address) };
        if (TakeOne(options, "bus") is { } bus)
            config = config with { Bus = ParseBus("--net", bus) };
        if (TakeOne(options, "queues") is { } queues)
            config = config with { Queues = ParseQueues(queues) };
        if (TakeOne(options, "boot") is { } boot)
            config = config with { IsBootable = IsOn("boot", boot) };
        return options.Count == 0 ? config : throw CliException.Usage($"--net: {parts[0]} has no option '{options[0].Name}'");
    }

    /// <exception cref="CliException">It is none.</exception>
    public static VirtioBus ParseBus(string option, string text) => text switch
    {
        "mmio" => VirtioBus.Mmio,
        "pci" => VirtioBus.Pci,
        _ => throw CliException.Usage($"{option}: bus is mmio or pci, not '{text}'"),
    };

    private static (string Name, string Value) Split(string option)
    {
        var equals = option.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (option[..equals], option[(equals + 1)..]) : throw CliException.Usage($"--net: '{option}' is not NAME=VALUE");
    }

    private static List<string> Take(List<(string Name, string Value)> options, string name)
    {
        var values = options.Where(option => option.Name == name).Select(option => option.Value).ToList();
        options.RemoveAll(option => option.Name == name);
        return values;
    }

    private static string? TakeOne(List<(string Name, string Value)> options, string name) => Take(options, name) switch
    {
        [] => null,
        [{ Length: > 0 } value] => value,
        [_] => throw CliException.Usage($"--net: {name} is empty"),
        _ => throw CliException.Usage($"--net: {name} is given twice"),
    };

    private static bool IsOn(string name, string value) => value switch
    {
        "on" => true,
        "off" => false,
        _ => throw CliException.Usage($"--net: {name} is on or off, not '{value}'"),
    };

    private static PortForward ParseForward(string text) => PortForward.TryParse(text, out var forward)
        ? forward!
        : throw CliException.Usage($"--net: '{text}' is not [tcp:|udp:][ADDRESS:]HOSTPORT:GUESTPORT");

    private static int ParseQueues(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var queues) && queues is >= 1 and <= NetworkConfig.MaximumQueues
            ? queues
            : throw CliException.Usage($"--net: queues is 1 to {NetworkConfig.MaximumQueues}, not '{text}'");

    private static PhysicalAddress ParseAddress(string text) =>
        PhysicalAddress.TryParse(text, out var address) && address.GetAddressBytes() is { Length: 6 } bytes && (bytes[0] & 1) == 0
            ? address
            : throw CliException.Usage($"--net: '{text}' is not the MAC address of a device");
}
