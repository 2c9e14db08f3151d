using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.Tap;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Machine.Board;

/// <summary>The cables of a machine's network devices, which stay plugged in when it is reset.</summary>
internal sealed class BoardNetworks : IDisposable
{
    private readonly List<NetworkLink> _links = [];
    private IReadOnlyList<NetworkConfig> _configs = [];

    /// <summary>Opens every network of a configuration.</summary>
    /// <exception cref="NetworkException">The host does not have one.</exception>
    public void Open(IReadOnlyList<NetworkConfig> configs)
    {
        _configs = configs;
        foreach (var config in configs)
            _links.Add(new NetworkLink(Open(config)));
    }

    /// <summary>Makes the devices of a board.</summary>
    public IEnumerable<VirtioNet> MakeDevices()
    {
        for (var i = 0; i < _links.Count; i++)
            yield return new VirtioNet(_links[i], _configs[i].MacAddress ?? DefaultAddress(i), _configs[i] is UserNetworkConfig ? UserNetwork.Mtu : (ushort)0);
    }

    public void Dispose()
    {
        foreach (var link in _links)
            link.Dispose();
    }

    internal static INetwork Open(NetworkConfig config) => config switch
    {
        UserNetworkConfig user => UserNetwork.Start(user.Forwards, user.ReachesHost),
        TapNetworkConfig tap => new TapNetwork(tap.Interface),
        SocketNetworkConfig { Listens: true } socket => SocketNetworks.Listen(socket.Path),
        SocketNetworkConfig socket => SocketNetworks.Connect(socket.Path),
        SwitchNetworkConfig inside => inside.Switch.AddPort(),
        _ => throw new MachineConfigurationException($"There is no network of type {config.GetType().Name}."),
    };

    /// <summary>Those of QEMU, which guests of images made for it may know.</summary>
    internal static PhysicalAddress DefaultAddress(int index) => new([0x52, 0x54, 0x00, 0x12, 0x34, (byte)(0x56 + index)]);
}
