using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Pci.Panic;

namespace Arm64Vm.Devices.Tests.Pci;

/// <summary>A slot as its driver sees it (PCI Express 5.0, 6.7 and 7.5.3).</summary>
public class PcieRootPortTests
{
    private const uint PortBase = 3 << 15;
    private const uint ChildBase = 1 << 20;
    private const uint Express = 0x40;
    private const uint LinkStatus = Express + 0x12;
    private const uint SlotControl = Express + 0x18;
    private const uint SlotStatus = Express + 0x1A;
    private const uint Msi = 0x7C;
    private const uint PowerOff = 0x400;
    private const uint IndicatorOff = 0x300;

    private readonly TestLine[] _lines = [new(), new(), new(), new()];
    private readonly TestMessages _messages = new();
    private readonly PcieRootPort _port = new(1);
    private readonly PcieHost _host;
    private readonly List<PciFunction> _removed = [];

    public PcieRootPortTests()
    {
        _host = new PcieHost(2, _lines, _messages);
        _port.Removed = _removed.Add;
        _host.Add(0, 3, 0, _port);
    }

    [Fact]
    public void APortIsABridgeWithAnEmptySlot()
    {
        Assert.Equal(0x000C_1B36u, Read(0));
        Assert.Equal(0x0604_0000u, Read(8) & 0xFFFF_FF00);
        Assert.Equal(1u, Read(0x0E, 1));
        Assert.Equal(0x10u, Read(Express, 1));
        Assert.Equal(5u, Read(Msi, 1));
        Assert.Equal(0x0142u, Read(Express + 2, 2)); // a root port with a slot
        Assert.Equal(0x5Bu, Read(Express + 0x14) & 0x7F); // button, power, indicators, hot-plug
        Assert.Equal(0u, Read(SlotStatus, 2));
        Assert.Equal(PowerOff | IndicatorOff, Read(SlotControl, 2) & (PowerOff | IndicatorOff));

        // Windows are closed, and as wide as what is written.
        Write(0x20, uint.MaxValue);
        Write(0x24, uint.MaxValue);
        Assert.Equal((0xFFF0_FFF0u, 0xFFF1_FFF1u), (Read(0x20), Read(0x24)));
        Write(0x1C, 0xFFFF, 2);
        Assert.Equal(0u, Read(0x1C, 2));
    }

    [Fact]
    public void APluggedDeviceIsSeenOncePowerIsOn()
    {
        Write(0x18, 0x0001_0100); // bus 1 behind it
        EnableMessages(0x38); // presence, commands and interrupts
        var device = new PanicFunction(() => { });
        _host.Plug(_port, device);
        Assert.Equal(0x148u, Read(SlotStatus, 2)); // presence, changed; link changed
        Assert.NotEqual(0u, Read(LinkStatus, 2) & 0x2000);
        Assert.Equal([(0x0800_0040UL, 9u, (ushort)(3 << 3))], _messages.Sent);
        Assert.Equal(uint.MaxValue, _host.Read(ChildBase));
        Write(SlotStatus, 0x108, 2);
        Assert.Equal(0x40u, Read(SlotStatus, 2));
        Write(SlotControl, 0x138, 2);
        Assert.Equal(0x0011_1B36u, _host.Read(ChildBase));

        // Only the first device of the bus, and only of this bus.
        Assert.Equal(uint.MaxValue, _host.Read(ChildBase + (1 << 15)));
        Write(0x19, 0, 1);
        Assert.Equal(uint.MaxValue, _host.Read(ChildBase));
        Assert.Throws<InvalidOperationException>(() => _host.Plug(_port, new PanicFunction(() => { })));
    }

    [Fact]
    public void ADeviceGoesWhenTheDriverHasSwitchedItOff()
    {
        Write(0x18, 0x0001_0100);
        var panics = 0;
        var device = new PanicFunction(() => panics++);
        _host.Plug(_port, device);
        Write(SlotControl, 0x138, 2);
        _host.Write(ChildBase + 0x10, 0x1000_0000);
        _host.Write(ChildBase + 4, 2, 2);
        var window = new PciWindow("low", 0x1000_0000, 1 << 20, _host.Space);
        Assert.Equal(3u, window.Read(0, 1));
        window.Write(0, 2, 1);
        Assert.Equal(0, panics);
        window.Write(0, 1, 1);
        Assert.Equal(1, panics);

        // The button, by the wire of the port's pin.
        Write(SlotStatus, 0x108, 2);
        Write(SlotControl, 0x121, 2);
        _port.RequestUnplug();
        Assert.True(_lines[3].Level);
        Write(SlotStatus, 1, 2);
        Assert.False(_lines[3].Level);
        Write(SlotControl, 0x100 | PowerOff, 2);
        Assert.Empty(_removed);
        Write(SlotControl, IndicatorOff | PowerOff, 2);
        Assert.Equal([device], _removed);
        Assert.Null(_port.Endpoint);
        Assert.Equal(0x108u, Read(SlotStatus, 2));
        Assert.Equal(0u, Read(LinkStatus, 2) & 0x2000);
        Assert.Equal(0xFFu, window.Read(0, 1));
        _host.Plug(_port, new PanicFunction(() => { }));
    }

    [Fact]
    public void WhatIsThereAtPowerOnHasPowerAndBringsNoEvent()
    {
        _port.PlugAtPowerOn(new PanicFunction(() => { }));
        Assert.Equal(0x40u, Read(SlotStatus, 2));
        Write(0x18, 0x0001_0100);
        Assert.Equal(0x0011_1B36u, _host.Read(ChildBase));
    }

    private uint Read(uint offset, int size = 4) => _host.Read(PortBase + offset, size);

    private void Write(uint offset, uint value, int size = 4) => _host.Write(PortBase + offset, value, size);

    private void EnableMessages(uint control)
    {
        Write(4, 4, 2);
        Write(Msi + 4, 0x0800_0040);
        Write(Msi + 12, 9, 2);
        Write(Msi + 2, 1, 2);
        Write(SlotControl, control | PowerOff | IndicatorOff, 2);
    }
}
