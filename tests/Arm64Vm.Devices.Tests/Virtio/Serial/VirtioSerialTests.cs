using System.Text;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Serial;

namespace Arm64Vm.Devices.Tests.Virtio.Serial;

public sealed class VirtioSerialTests
{
    private const uint Multiport = 2;
    private const uint ControlReceive = 2;
    private const uint ControlTransmit = 3;

    private readonly MemoryCharacterBackend _first = new();
    private readonly MemoryCharacterBackend _second = new();
    private readonly TestDriver _driver;
    private VirtioSerial _device = null!;

    public VirtioSerialTests() => _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device = Make()), Multiport);

    [Fact]
    public void TheConfigurationCountsThePortZeroThatIsNotThere() => Assert.Equal(3u, _driver.Transport.Read(0x104));

    [Fact]
    public void ADriverThatIsReadyIsToldOfEveryPort()
    {
        Assert.Equal(["1:1:1"], Take(() => Say(0, 0, 1)));
        Assert.Equal(["2:1:1"], Take(() => { }));
        Assert.Equal(["1:7:1:org.first"], Take(() => Say(1, 3, 1)));
        Assert.Equal(["1:6:1"], Take(() => { }));
        Assert.Equal([], Take(() => { }));
    }

    [Fact]
    public void WhatIsNotTakenWaitsAsFlagsAndNotAsMessages()
    {
        for (var i = 0; i < 1000; i++)
            Say(0, 0, 1);
        Assert.Equal(["1:1:1"], Take(() => { }));
        Assert.Equal(["2:1:1"], Take(() => { }));
        Assert.Equal([], Take(() => { }));
    }

    [Fact]
    public void BytesGoToTheirPort()
    {
        _driver.Submit(5, ["to the first"u8.ToArray()]);
        _driver.Notify(5);
        _driver.Submit(7, ["to the second"u8.ToArray()]);
        _driver.Notify(7);
        Assert.Equal(("to the first", "to the second"), (_first.OutputText, _second.OutputText));
    }

    [Fact]
    public void InputWaitsUntilAProgramHasOpenedThePort()
    {
        var buffers = _driver.Submit(6, [], 16);
        _driver.Notify(6);
        _second.Input.Feed("hello"u8);
        Assert.Equal(0, _driver.Used(6));
        Say(2, 6, 1);
        Assert.Equal((1, 5u), (_driver.Used(6), _driver.LastLength(6)));
        Assert.Equal("hello"u8, _driver.Memory.At(buffers[0], 5));
        Say(2, 6, 0);
        _driver.Submit(6, [], 16);
        _second.Input.Feed("later"u8);
        _driver.Notify(6);
        Assert.Equal(1, _driver.Used(6));
    }

    [Theory]
    [InlineData(0u, 3, 1)]
    [InlineData(3u, 6, 1)]
    [InlineData(uint.MaxValue, 6, 1)]
    [InlineData(1u, 0xFFFF, 1)]
    [InlineData(1u, 3, 0)]
    public void MessagesOfNoMeaningAreIgnored(uint port, int kind, int value)
    {
        Assert.Equal([], Take(() => Say(port, (ushort)kind, (ushort)value)));
        Assert.Equal(0u, _driver.Transport.Read(0x70) & 0x40);
    }

    [Fact]
    public void AMessageThatIsTooShortIsIgnored()
    {
        _driver.Submit(ControlTransmit, [new byte[7]]);
        _driver.Notify(ControlTransmit);
        Assert.Equal(1, _driver.Used(ControlTransmit));
    }

    [Fact]
    public void ARestoredDeviceKnowsWhatIsOpenAndWhatIsToBeTold()
    {
        Say(0, 0, 1);
        Say(2, 6, 1);
        _driver.Submit(6, [], 16);
        _driver.Notify(6);
        var (transport, state) = (_driver.Transport.Save(), _device.Save());
        _driver.Transport.Dispose();
        _device.Dispose();
        _driver.Transport = new VirtioMmioTransport(_driver.Line, _driver.Memory, _device = Make());
        _driver.Transport.Restore(transport);
        _device.Restore(state);
        _second.Input.Feed("x"u8);
        Assert.Equal(1, _driver.Used(6));
        Assert.Equal(["1:1:1"], Take(() => { }));
    }

    private VirtioSerial Make() => new([("org.first", _first), ("org.second", _second)]);

    private void Say(uint port, ushort kind, ushort value)
    {
        byte[] message = [.. BitConverter.GetBytes(port), .. BitConverter.GetBytes(kind), .. BitConverter.GetBytes(value)];
        _driver.Submit(ControlTransmit, [message]);
        _driver.Notify(ControlTransmit);
    }

    /// <summary>Does something and offers room for one message; returns it, as port:kind:value:name.</summary>
    private List<string> Take(Action action)
    {
        action();
        var before = _driver.Used(ControlReceive);
        var waits = _driver.Memory.Read16(TestDriver.Rings(ControlReceive) + 0x402) != before;
        var buffer = waits ? _waiting : _driver.Submit(ControlReceive, [], 64)[0];
        _driver.Notify(ControlReceive);
        _waiting = buffer;
        if (_driver.Used(ControlReceive) == before)
            return [];
        var bytes = _driver.Memory.At(buffer, (int)_driver.LastLength(ControlReceive));
        var name = bytes.Length > 8 ? ":" + Encoding.ASCII.GetString(bytes[8..]) : "";
        return [FormattableString.Invariant($"{BitConverter.ToUInt32(bytes)}:{BitConverter.ToUInt16(bytes[4..])}:{BitConverter.ToUInt16(bytes[6..])}{name}")];
    }

    private ulong _waiting;
}
