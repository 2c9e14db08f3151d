using System.Text.Json;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>Devices that clients plug in and take out, and the host's ends that they gave names to; the same for all clients.</summary>
internal sealed class QmpDevices(VirtualMachine machine)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DiskConfig> _nodes = [];
    private readonly Dictionary<string, NetworkConfig> _networks = [];

    /// <summary>By the devices' names, what is behind them: <c>node:NAME</c> or <c>net:NAME</c>.</summary>
    private readonly Dictionary<string, string> _plugged = [];

    /// <summary>Carries out a command of this kind; false: it is none.</summary>
    /// <exception cref="QmpException">It is refused.</exception>
    public bool TryExecute(string name, QmpArguments arguments)
    {
        switch (name)
        {
            case "blockdev-add":
                AddNode(arguments);
                return true;
            case "blockdev-del":
                arguments.Allow("node-name");
                Delete(_nodes, "node:", arguments.Text("node-name"), node => $"Failed to find node with node-name='{node}'", node => $"Node {node} is in use");
                return true;
            case "netdev_add":
                AddNetwork(arguments);
                return true;
            case "netdev_del":
                arguments.Allow("id");
                Delete(_networks, "net:", arguments.Text("id"), id => $"Device '{id}' not found", id => $"Device '{id}' is in use");
                return true;
            case "device_add":
                Plug(arguments);
                return true;
            case "device_del":
                arguments.Allow("id");
                Unplug(arguments.Text("id"));
                return true;
            default:
                return false;
        }
    }

    /// <summary>The disks among the devices that clients plugged in: name of the device, of the node, and what it is.</summary>
    public IReadOnlyList<(string Device, string Node, DiskConfig Disk)> Disks
    {
        get
        {
            lock (_gate)
                return [.. _plugged.Where(device => device.Value.StartsWith("node:", StringComparison.Ordinal)).Select(device => (device.Key, device.Value[5..], _nodes[device.Value[5..]]))];
        }
    }

    /// <summary>The guest has let go of a device.</summary>
    public void Removed(string id)
    {
        lock (_gate)
            _plugged.Remove(id);
    }

    private void AddNode(QmpArguments arguments)
    {
        var name = arguments.Text("node-name");
        lock (_gate)
        {
            var node = QmpBackends.ReadBlockNode(arguments, file => _nodes.GetValueOrDefault(file) ?? throw new QmpException($"Cannot find device='' nor node-name='{file}'"));
            if (!_nodes.TryAdd(name, node))
                throw new QmpException($"Duplicate nodes with node-name='{name}'");
        }
    }

    private void AddNetwork(QmpArguments arguments)
    {
        var (id, network) = (arguments.Text("id"), QmpBackends.ReadNetwork(arguments));
        lock (_gate)
        {
            if (!_networks.TryAdd(id, network))
                throw new QmpException($"Duplicate ID '{id}' for netdev");
        }
    }

    private void Delete<T>(Dictionary<string, T> from, string kind, string name, Func<string, string> missing, Func<string, string> inUse)
    {
        lock (_gate)
        {
            if (!from.ContainsKey(name))
                throw new QmpException(missing(name));
            if (_plugged.ContainsValue(kind + name))
                throw new QmpException(inUse(name));
            from.Remove(name);
        }
    }

    private void Plug(QmpArguments arguments)
    {
        var driver = arguments.Text("driver");
        if (driver is not ("virtio-blk-pci" or "virtio-blk-pci-non-transitional" or "virtio-net-pci" or "virtio-net-pci-non-transitional"))
            throw new QmpException($"'{driver}' is not a valid device model name; virtio-blk-pci and virtio-net-pci are");
        var isDisk = driver.StartsWith("virtio-blk", StringComparison.Ordinal);

        // Which slot it gets is chosen here, whatever bus and addr say, and so are its interrupts. The network says how many queues there are;
        // "mq" can only leave one.
        if (isDisk)
            arguments.Allow("driver", "id", "bus", "addr", "drive");
        else
            arguments.Allow("driver", "id", "bus", "addr", "netdev", "mac", "mq", "vectors");
        var id = arguments.Text("id");
        var backend = arguments.Text(isDisk ? "drive" : "netdev");
        var onePair = !isDisk && arguments.Find("mq") is not null && !arguments.Flag("mq");
        var address = isDisk ? null : QmpBackends.ReadAddress(arguments.OptionalText("mac"));
        lock (_gate)
        {
            try
            {
                if (isDisk)
                    machine.PlugDisk(id, Find(_nodes, "virtio-blk-device.drive"));
                else
                {
                    var network = Find(_networks, "virtio-net-device.netdev");
                    machine.PlugNetwork(id, network with { MacAddress = address, Queues = onePair ? 1 : network.Queues });
                }
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                throw new QmpException(e.Message);
            }

            _plugged[id] = (isDisk ? "node:" : "net:") + backend;
        }

        T Find<T>(Dictionary<string, T> from, string property) =>
            from.TryGetValue(backend, out var value) ? value : throw new QmpException($"Property '{property}' can't find value '{backend}'");
    }

    private void Unplug(string id)
    {
        try
        {
            machine.Unplug(id);
        }
        catch (InvalidOperationException)
        {
            throw new QmpException(QmpException.NoDevice, $"Device '{id}' not found");
        }
    }
}
