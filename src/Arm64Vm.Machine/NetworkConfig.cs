using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Devices.Virtio.Net;

namespace Arm64Vm.Machine;

/// <summary>A virtio network device and what it is plugged into.</summary>
public abstract record NetworkConfig
{
    /// <summary>The most <see cref="Queues"/>.</summary>
    public const int MaximumQueues = VirtioNet.MaximumPairs;

    /// <summary>The device's address; null: 52:54:00:12:34:56 for the first, and so on.</summary>
    public PhysicalAddress? MacAddress { get; init; }

    /// <summary>How it is reached; null: as <see cref="MachineConfig.Bus"/> says.</summary>
    public VirtioBus? Bus { get; init; }

    /// <summary>Pairs of queues that the guest can use, 1 to <see cref="MaximumQueues"/>: with one for each of its processors they do not wait for each other.</summary>
    public int Queues { get; init; } = 1;

    /// <summary>Firmware tries to boot from it, after the disks, which takes its time where no server answers.</summary>
    public bool IsBootable { get; init; }
}

/// <summary>The user's own connections, through passt: the guest is 10.0.2.15 behind 10.0.2.2 and needs no privileges of the host.</summary>
public sealed record UserNetworkConfig : NetworkConfig
{
    /// <summary>Ports of the host that lead to the guest.</summary>
    public IReadOnlyList<PortForward> Forwards { get; init; } = [];

    /// <summary>The guest reaches what listens on the host's loopback interface, at the gateway's address.</summary>
    public bool ReachesHost { get; init; } = true;
}

/// <summary>A tap interface of the host; with several <see cref="NetworkConfig.Queues"/> it must have been made for them (multi_queue).</summary>
/// <param name="Interface">Its name.</param>
public sealed record TapNetworkConfig(string Interface) : NetworkConfig;

/// <summary>A cable to a machine of another process.</summary>
/// <param name="Path">A UNIX domain socket.</param>
/// <param name="Listens">True: the other machine connects.</param>
public sealed record SocketNetworkConfig(string Path, bool Listens) : NetworkConfig;

/// <summary>A switch between machines of this process.</summary>
/// <param name="Switch">The same object for all of them.</param>
public sealed record SwitchNetworkConfig(NetworkSwitch Switch) : NetworkConfig;
