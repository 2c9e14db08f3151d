using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Gpio;
using Arm64Vm.Devices.Power;

namespace Arm64Vm.Devices.Tests.Power;

public class GenericEventDeviceTests
{
    private readonly TestLine _line = new();
    private readonly GenericEventDevice _device;

    public GenericEventDeviceTests() => _device = new GenericEventDevice(_line);

    [Fact]
    public void ReadingClearsEventsAndTheInterrupt()
    {
        Assert.Equal(0u, _device.Read(0));
        _device.Raise(GenericEventDevice.PowerKeyEvent);
        Assert.True(_line.Level);
        _device.Write(0, 0);
        Assert.Equal(2u, _device.Read(0));
        Assert.False(_line.Level);
        Assert.Equal(0u, _device.Read(0));
        Assert.False(_device.TryRead(4, 4, out _));
    }

    [Fact]
    public void EachEventIsAnEdge()
    {
        _device.Raise(GenericEventDevice.PowerKeyEvent);
        _device.Raise(4);
        Assert.Equal(2, _line.Edges);
        Assert.Equal(6u, _device.Read(0));
    }

    [Fact]
    public void SurvivesASnapshot()
    {
        _device.Raise(GenericEventDevice.PowerKeyEvent);
        var line = new TestLine();
        var other = new GenericEventDevice(line);
        other.Restore(_device.Save());
        Assert.True(line.Level);
        Assert.Equal(2u, other.Read(0));
        Assert.False(line.Level);
    }

    [Fact]
    public void ThePowerKeyIsAnEventToo()
    {
        var clock = new ManualClock();
        using var key = new PowerKey(new Pl061(new TestLine()), clock, _device);
        key.Press();
        Assert.Equal(GenericEventDevice.PowerKeyEvent, _device.Read(0));
        clock.Advance(200_000_000);
        Assert.Equal(0u, _device.Read(0));
    }
}
