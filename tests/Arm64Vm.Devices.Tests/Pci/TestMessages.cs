using Arm64Vm.Devices.Pci;

namespace Arm64Vm.Devices.Tests.Pci;

/// <summary>Keeps what was sent.</summary>
internal sealed class TestMessages : IMsiTarget
{
    public List<(ulong Address, uint Data, ushort Requester)> Sent { get; } = [];

    public bool TrySend(ulong address, uint data, ushort requester)
    {
        Sent.Add((address, data, requester));
        return true;
    }
}
