using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Machine.Board;

/// <summary>The cables of a machine's network devices, which stay plugged in when it is reset.</summary>
internal sealed class BoardNetworks : IDisposable
{
    private readonly List<BoardNetwork> _networks = [];

    /// <summary>Opens every network of a configuration.</summary>
    /// <exception cref="NetworkException">The host does not have one.</exception>
    public void Open(IReadOnlyList<NetworkConfig> configs)
    {
        foreach (var config in configs)
            _networks.Add(BoardNetwork.Open(config, _networks.Count));
    }

    /// <summary>Makes the devices of a board.</summary>
    public IEnumerable<VirtioNet> MakeDevices() => _networks.Select(network => network.MakeDevice());

    public void Dispose()
    {
        foreach (var network in _networks)
            network.Dispose();
    }
}
