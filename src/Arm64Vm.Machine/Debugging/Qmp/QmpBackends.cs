using System.Net.NetworkInformation;
using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Net.User;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>Reads what the host's end of a device is to be: the subset of QEMU's BlockdevOptions and Netdev that there is here.</summary>
internal static class QmpBackends
{
    /// <summary>A block node: <c>raw</c> or <c>qcow2</c> over a file, or a <c>file</c> by itself.</summary>
    /// <param name="arguments">Of blockdev-add.</param>
    /// <param name="find">Finds an earlier node by its name.</param>
    /// <exception cref="QmpException">It is none that there is, or there is no such file.</exception>
    public static DiskConfig ReadBlockNode(QmpArguments arguments, Func<string, DiskConfig> find)
    {
        var driver = arguments.Text("driver");
        var mode = arguments.Flag("read-only") ? DiskMode.ReadOnly : DiskMode.ReadWrite;
        if (driver is "file" or "host_device")
        {
            // How the host does it is chosen here; what a guest sees is the same.
            arguments.Allow("driver", "node-name", "filename", "read-only", "auto-read-only", "cache", "aio", "discard", "detect-zeroes", "locking");
            var path = arguments.Text("filename");
            return File.Exists(path) ? new DiskConfig(path, mode, DiskFormat.Raw) : throw new QmpException($"Could not open '{path}': No such file or directory");
        }

        arguments.Allow("driver", "node-name", "file", "read-only", "auto-read-only", "cache", "discard", "detect-zeroes");
        var format = driver switch
        {
            "raw" => DiskFormat.Raw,
            "qcow2" => DiskFormat.Qcow2,
            _ => throw new QmpException($"Parameter 'driver' does not accept value '{driver}'"),
        };
        var file = arguments.Find("file") is { ValueKind: System.Text.Json.JsonValueKind.String } name ? find(name.GetString()!) : ReadBlockNode(arguments.Object("file"), find);
        return file with { Format = format, Mode = file.Mode == DiskMode.ReadOnly ? DiskMode.ReadOnly : mode };
    }

    /// <summary>A network: <c>user</c>, <c>tap</c>, or <c>stream</c> over a UNIX socket.</summary>
    /// <exception cref="QmpException">It is none that there is.</exception>
    public static NetworkConfig ReadNetwork(QmpArguments arguments)
    {
        // Of QEMU's networks only some have queues; here a device can have them on any.
        var queues = arguments.OptionalCount("queues", NetworkConfig.MaximumQueues) ?? 1;
        return ReadKind(arguments) with { Queues = queues };
    }

    /// <summary>A device's address, with colons.</summary>
    /// <exception cref="QmpException">It is none.</exception>
    public static PhysicalAddress? ReadAddress(string? text)
    {
        if (text is null)
            return null;
        return PhysicalAddress.TryParse(text, out var address) && address.GetAddressBytes() is { Length: 6 } bytes && (bytes[0] & 1) == 0
            ? address
            : throw new QmpException($"Property 'virtio-net-pci.mac' doesn't take value '{text}'");
    }

    private static NetworkConfig ReadKind(QmpArguments arguments)
    {
        switch (arguments.Text("type"))
        {
            case "user":
                arguments.Allow("type", "id", "queues", "hostfwd", "restrict");
                return arguments.Flag("restrict")
                    ? throw new QmpException("Parameter 'restrict' must be false")
                    : new UserNetworkConfig { Forwards = [.. arguments.Objects("hostfwd").Select(one => ReadForward(one.Text("str")))] };
            case "tap":
                arguments.Allow("type", "id", "queues", "ifname", "script", "downscript");
                return new TapNetworkConfig(arguments.Text("ifname"));
            case "stream":
                arguments.Allow("type", "id", "queues", "addr", "server");
                var address = arguments.Object("addr");
                address.Allow("type", "path");
                return address.Text("type") == "unix"
                    ? new SocketNetworkConfig(address.Text("path"), arguments.Flag("server"))
                    : throw new QmpException("Parameter 'addr' must be a UNIX socket");
            case var other:
                throw new QmpException($"Parameter 'type' does not accept value '{other}'");
        }
    }

    /// <summary><c>[tcp|udp]:[ADDRESS]:PORT-[ADDRESS]:PORT</c>. The guest has one address, which need not be given.</summary>
    private static PortForward ReadForward(string text)
    {
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var first = text.IndexOf(':', StringComparison.Ordinal);
        if (dash > first && first >= 0 && text.LastIndexOf(':') is var last && last > dash && text[(dash + 1)..last] is "" or "10.0.2.15")
        {
            // Without an address QEMU listens everywhere.
            var host = text[(first + 1)..dash];
            var protocol = text[..first] is "" ? "tcp" : text[..first];
            if (PortForward.TryParse($"{protocol}:{(host.StartsWith(':') ? "0.0.0.0" : "")}{host}:{text[(text.LastIndexOf(':') + 1)..]}", out var forward))
                return forward!;
        }

        throw new QmpException($"Invalid host forwarding rule '{text}'");
    }
}
