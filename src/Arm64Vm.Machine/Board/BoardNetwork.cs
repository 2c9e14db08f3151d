using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.Tap;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Machine.Board;

/// <summary>The cable of a network device: one link, or one for each of the network's own queues.</summary>
internal sealed class BoardNetwork : IDisposable
{
    private readonly NetworkLink[] _links;
    private readonly int _pairs;
    private readonly PhysicalAddress _address;
    private readonly ushort _mtu;

    private BoardNetwork(IReadOnlyList<INetwork> networks, NetworkConfig config, int index)
    {
        _links = [.. networks.Select(network => new NetworkLink(network))];
        _pairs = config.Queues;
        _address = config.MacAddress ?? DefaultAddress(index);
        _mtu = config is UserNetworkConfig ? UserNetwork.Mtu : (ushort)0;
    }

    /// <summary>Opens a network.</summary>
    /// <param name="config">It.</param>
    /// <param name="index">How many the machine has before it.</param>
    /// <exception cref="NetworkException">The host does not have it.</exception>
    /// <exception cref="MachineConfigurationException">It is impossible.</exception>
    public static BoardNetwork Open(NetworkConfig config, int index)
    {
        if (config.Queues is < 1 or > NetworkConfig.MaximumQueues)
            throw new MachineConfigurationException($"A network device has 1 to {NetworkConfig.MaximumQueues} pairs of queues, not {config.Queues}.");
        return new BoardNetwork(OpenQueues(config), config, index);
    }

    /// <summary>Makes the device of a board.</summary>
    public VirtioNet MakeDevice() => new(_links, _pairs, _address, _mtu);

    public void Dispose()
    {
        foreach (var link in _links)
            link.Dispose();
    }

    /// <summary>Only a tap interface has queues of its own; the others are one stream of frames, which the device spreads over its pairs.</summary>
    private static IReadOnlyList<INetwork> OpenQueues(NetworkConfig config) => config switch
    {
        UserNetworkConfig user => [UserNetwork.Start(user.Forwards, user.ReachesHost)],
        TapNetworkConfig tap => TapNetwork.Open(tap.Interface, config.Queues),
        SocketNetworkConfig { Listens: true } socket => [SocketNetworks.Listen(socket.Path)],
        SocketNetworkConfig socket => [SocketNetworks.Connect(socket.Path)],
        SwitchNetworkConfig inside => [inside.Switch.AddPort()],
        _ => throw new MachineConfigurationException($"There is no network of type {config.GetType().Name}."),
    };

    /// <summary>Those of QEMU, which guests of images made for it may know.</summary>
    private static PhysicalAddress DefaultAddress(int index) => new([0x52, 0x54, 0x00, 0x12, 0x34, (byte)(0x56 + index)]);
}
