using Arm64Vm.Devices.Pci;

namespace Arm64Vm.Devices.Tests.Pci;

public class PcieHostTests
{
    [Fact]
    public void HostBridgeIsTheOnlyFunction()
    {
        var host = new PcieHost();
        Assert.Equal(0x0008_1B36u, host.Read(0));
        Assert.Equal(0x0600_0000u, host.Read(8));
        Assert.Equal(0x1100_1AF4u, host.Read(0x2C));
        Assert.Equal(0x1B36u, host.Read(0, 2));
        Assert.Equal((0u, uint.MaxValue, 0xFFu), (host.Read(0xFC), host.Read(0x100), host.Read(0xFFF, 1)));
        Assert.Equal(uint.MaxValue, host.Read(1 << 12));
        Assert.Equal(0xFFFFu, host.Read(1 << 15, 2));
        Assert.Equal(ulong.MaxValue, host.ReadWide(255ul << 20, 8));
        Assert.False(host.TryRead(256ul << 20, 4, out _));
        Assert.False(host.TryRead(2, 4, out _));
    }

    [Fact]
    public void BarsAreAbsentAndCommandBitsStick()
    {
        var host = new PcieHost();
        host.Write(0x10, uint.MaxValue);
        Assert.Equal(0u, host.Read(0x10));
        host.Write(4, 0xFFFF, 2);
        Assert.Equal(0x0507u, host.Read(4, 2));
        host.Write(0x3C, 0x42, 1);
        var copy = new PcieHost();
        copy.Bridge.Restore(host.Bridge.Save());
        Assert.Equal((0x0507u, 0x42u), (copy.Read(4, 2), copy.Read(0x3C, 1)));
    }

    [Fact]
    public void FunctionsArePluggedByAddress()
    {
        var host = new PcieHost();
        host.Add(1, 2, 3, new HostBridge());
        Assert.Equal(0x0008_1B36u, host.Read((1 << 20) | (2 << 15) | (3 << 12)));
        Assert.Throws<ArgumentException>(() => host.Add(0, 0, 0, new HostBridge()));
        Assert.Throws<ArgumentException>(() => host.Add(0, 32, 0, new HostBridge()));
    }

    [Fact]
    public void EmptyWindowsReadOnes()
    {
        var window = new PciWindow("mmio", 0x1000_0000, 0x1000);
        Assert.Equal(0xFFu, window.Read(5, 1));
        Assert.Equal(ulong.MaxValue, window.ReadWide(0xFF8, 8));
        window.Write(0, 1);
        Assert.False(window.TryRead(0xFFD, 4, out _));
        Assert.False(window.TryRead(ulong.MaxValue, 1, out _));
    }
}
