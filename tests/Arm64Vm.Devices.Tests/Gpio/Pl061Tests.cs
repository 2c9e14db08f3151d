using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Gpio;

namespace Arm64Vm.Devices.Tests.Gpio;

public sealed class Pl061Tests
{
    private readonly TestLine _line = new();
    private Pl061 _gpio;

    public Pl061Tests() => _gpio = new Pl061(_line);

    [Fact]
    public void AddressBitsSelectPins()
    {
        _gpio.Write(0x400, 0x0F);
        _gpio.Write(0x3FC, 0xFF);
        Assert.Equal(0x0Fu, _gpio.Read(0x3FC));
        _gpio.Write(0x004 << 0, 0x00);
        Assert.Equal(0x0Eu, _gpio.Read(0x3FC));
        Assert.Equal(0x02u, _gpio.Read(0x008));
        Assert.Equal(0x0E, _gpio.DrivenPins);
        _gpio.SetInput(7, true);
        Assert.Equal(0x8Eu, _gpio.Read(0x3FC));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RisingEdgeStaysUntilCleared(bool restore)
    {
        _gpio.Write(0x40C, 0x08);
        _gpio.Write(0x410, 0x08);
        _gpio.SetInput(3, true);
        Reload(restore);
        _gpio.SetInput(3, false);
        Assert.True(_line.Level);
        Assert.Equal(0x08u, _gpio.Read(0x418));
        _gpio.Write(0x41C, 0x08);
        Assert.False(_line.Level);
    }

    [Fact]
    public void FallingAndBothEdges()
    {
        _gpio.Write(0x410, 0xFF);
        _gpio.SetInput(0, true);
        Assert.False(_line.Level);
        _gpio.SetInput(0, false);
        Assert.True(_line.Level);
        _gpio.Write(0x41C, 0xFF);
        _gpio.Write(0x408, 0x02);
        _gpio.SetInput(1, true);
        Assert.True(_line.Level);
    }

    [Fact]
    public void LevelLastsAsLongAsThePin()
    {
        _gpio.Write(0x40C, 0x10);
        _gpio.Write(0x404, 0x10);
        _gpio.Write(0x410, 0x10);
        _gpio.SetInput(4, true);
        Assert.True(_line.Level);
        _gpio.Write(0x41C, 0x10);
        Assert.True(_line.Level);
        _gpio.SetInput(4, false);
        Assert.False(_line.Level);
    }

    [Fact]
    public void PowerKeyIsAPulseOnPin3()
    {
        var clock = new ManualClock();
        using var key = new PowerKey(_gpio, clock);
        _gpio.Write(0x408, 0x08);
        _gpio.Write(0x410, 0x08);
        key.Press();
        Assert.True(_line.Level);
        Assert.Equal(0x08u, _gpio.Read(0x3FC));
        _gpio.Write(0x41C, 0x08);
        clock.Advance(200_000_000);
        Assert.True(_line.Level);
        Assert.Equal(0u, _gpio.Read(0x3FC));
    }

    [Fact]
    public void ARestoredPowerKeyGoesUp()
    {
        var clock = new ManualClock();
        PowerKeyState state;
        using (var key = new PowerKey(_gpio, clock))
        {
            key.Press();
            clock.Advance(60_000_000);
            state = key.Save();
        }

        Reload(restore: true);
        using var other = new PowerKey(_gpio, clock);
        other.Restore(state);
        clock.Advance(30_000_000);
        Assert.Equal(0x08u, _gpio.Read(0x3FC));
        clock.Advance(20_000_000);
        Assert.Equal(0u, _gpio.Read(0x3FC));
        Assert.Null(other.Save().ReleaseAt);
    }

    [Fact]
    public void PressingAgainHoldsTheKeyLonger()
    {
        var clock = new ManualClock();
        using var key = new PowerKey(_gpio, clock);
        key.Press();
        clock.Advance(60_000_000);
        key.Press();
        clock.Advance(60_000_000);
        Assert.Equal(0x08u, _gpio.Read(0x3FC));
        clock.Advance(60_000_000);
        Assert.Equal(0u, _gpio.Read(0x3FC));
    }

    [Fact]
    public void ThereAreEightPins()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _gpio.SetInput(8, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => _gpio.SetInput(-1, true));
    }

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _gpio.Save();
        _gpio = new Pl061(_line);
        _gpio.Restore(state);
    }
}
