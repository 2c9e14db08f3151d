using System.Text;
using Arm64Vm.Devices.Net;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine.Tests.Machines;

public class VirtioPlacesTests
{
    private static MachineConfig Mixed => new()
    {
        Disks = [new DiskConfig("a"), new DiskConfig("b") { Bus = VirtioBus.Pci }, new DiskConfig("c")],
        Networks = [new SwitchNetworkConfig(new NetworkSwitch()) { Bus = VirtioBus.Pci }, new SwitchNetworkConfig(new NetworkSwitch())],
        HasEntropyDevice = true,
    };

    [Fact]
    public void TransportsAreTakenFromTheEndAndPciDevicesFromTheBridgeOn()
    {
        var places = VirtioPlaces.Assign(Mixed);
        Assert.Equal([new(VirtioBus.Mmio, 28), new(VirtioBus.Pci, 1), new(VirtioBus.Mmio, 29)], places.Disks);
        Assert.Equal(new VirtioPlace(VirtioBus.Mmio, 30), places.Entropy);
        Assert.Null(places.Console);
        Assert.Equal([new(VirtioBus.Pci, 2), new(VirtioBus.Mmio, 31)], places.Networks);
    }

    [Fact]
    public void WithFirmwareDevicesAreOnPciUnlessTheySayOtherwise()
    {
        var places = VirtioPlaces.Assign(Mixed with { Firmware = new byte[4], Disks = [.. Mixed.Disks, new DiskConfig("d") { Bus = VirtioBus.Mmio }] });
        Assert.Equal([new(VirtioBus.Pci, 1), new(VirtioBus.Pci, 2), new(VirtioBus.Pci, 3), new(VirtioBus.Mmio, 31)], places.Disks);
        Assert.Equal(new VirtioPlace(VirtioBus.Pci, 4), places.Entropy);
        Assert.Equal(VirtioBus.Mmio, VirtioPlaces.Assign(Mixed with { Firmware = new byte[4], Bus = VirtioBus.Mmio }).Entropy!.Value.Bus);
        Assert.Equal((1, 8), (places.Disks[3].DiskQueues(8), places.Disks[0].DiskQueues(8)));
    }

    [Theory]
    [InlineData(VirtioBus.Mmio, 32)]
    [InlineData(VirtioBus.Pci, 31)]
    public void MoreDevicesThanPlacesAreRefused(VirtioBus bus, int most)
    {
        var config = new MachineConfig { Bus = bus, Disks = [.. Enumerable.Repeat(new DiskConfig("a"), most)] };
        Assert.Equal(most, VirtioPlaces.Assign(config).Disks.Length);
        Assert.Throws<MachineConfigurationException>(() => VirtioPlaces.Assign(config with { HasEntropyDevice = true }));
    }

    [Fact]
    public void FirmwareIsToldToBootFromDisksAndFromNetworksThatSaySo()
    {
        Assert.Equal(
            "/virtio-mmio@000000000a003800/disk@0,0\n/pci@i0cf8/scsi@1/disk@0,0\n/virtio-mmio@000000000a003a00/disk@0,0\n\0",
            Order(Mixed, out var hasSwitches));
        Assert.True(hasSwitches);
        var network = Mixed with { Disks = [], Networks = [new SwitchNetworkConfig(new NetworkSwitch()) { Bus = VirtioBus.Pci, IsBootable = true }] };
        Assert.Equal("/pci@i0cf8/ethernet@1/ethernet-phy@0\n\0", Order(network, out hasSwitches));
        Assert.False(hasSwitches);
        Assert.Null(Order(Mixed with { Networks = [] }, out hasSwitches));
        Assert.False(hasSwitches);
    }

    private static string? Order(MachineConfig config, out bool hasSwitches)
    {
        var files = BootOrder.Files(config).ToDictionary(file => file.Name, file => Encoding.ASCII.GetString(file.Contents));
        hasSwitches = files.ContainsKey("opt/org.tianocore/IPv4Support");
        return files.GetValueOrDefault("bootorder");
    }
}
