using System.Text;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Input;

namespace Arm64Vm.Devices.Tests.Virtio.Input;

public sealed class VirtioInputTests
{
    private const ulong Configuration = 0x100;
    private readonly InputQueue _keys = new();
    private readonly TestDriver _driver;
    private VirtioInput _device = null!;

    public VirtioInputTests() => _driver = Make(InputDescription.Keyboard());

    [Fact]
    public void ItSaysWhatItIs()
    {
        Assert.Equal(18u, _driver.Transport.Read(8));
        Assert.Equal("Arm64Vm keyboard", Encoding.ASCII.GetString(Ask(_driver, 1, 0)));
        Assert.Equal([6, 0, 0x27, 6, 1, 0, 1, 0], Ask(_driver, 3, 0));
        var keys = Ask(_driver, 0x11, 1);
        Assert.Equal(16, keys.Length);
        Assert.Equal(0, keys[0] & 1);
        Assert.NotEqual(0, keys[30 / 8] & 1 << 30 % 8);
        Assert.Empty(Ask(_driver, 0x11, 3));
        Assert.Empty(Ask(_driver, 0x12, 0));
        Assert.Empty(Ask(_driver, 0xFF, 0xFF));
    }

    [Fact]
    public void ATabletHasAxesWithTheirRange()
    {
        var driver = Make(InputDescription.Tablet());
        Assert.Equal([3], Ask(driver, 0x11, 3));
        Assert.Equal([0, 0, 0, 0, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Ask(driver, 0x12, 1));
        Assert.Empty(Ask(driver, 0x12, 2));
    }

    [Fact]
    public void AKeyIsAnEventAndAReport()
    {
        var buffers = new[] { _driver.Submit(0, [], 8)[0], _driver.Submit(0, [], 8)[0] };
        _driver.Notify(0);
        _keys.Report(InputEvent.Key(30, isPressed: true));
        Assert.Equal(2, _driver.Used(0));
        Assert.Equal([1, 0, 30, 0, 1, 0, 0, 0], _driver.Memory.At(buffers[0], 8).ToArray());
        Assert.Equal(new byte[8], _driver.Memory.At(buffers[1], 8).ToArray());
        Assert.True(_driver.Line.Level);
    }

    [Fact]
    public void ReportsThatFindNoRoomAreLostAsAWhole()
    {
        for (var i = 0; i < InputQueue.Capacity; i++)
            _keys.Report(InputEvent.Key(30, isPressed: true), InputEvent.Key(31, isPressed: true));
        var taken = 0;
        var last = default(InputEvent);
        while (_keys.TryTake(out var one))
            (last, taken) = (one, taken + 1);
        Assert.InRange(taken, InputQueue.Capacity - 2, InputQueue.Capacity);
        Assert.Equal(default, last);
    }

    [Fact]
    public void WhatIsTypedWithoutADriverIsLost()
    {
        _driver.Transport.Write(0x70, 0);
        _keys.Report(InputEvent.Key(30, isPressed: true));
        Assert.False(_keys.TryTake(out _));
    }

    [Fact]
    public void LampsAreTaken()
    {
        _driver.Submit(1, [new byte[8]]);
        _driver.Notify(1);
        Assert.Equal(1, _driver.Used(1));
    }

    [Fact]
    public void ARestoredDeviceAnswersTheSameQuestion()
    {
        var before = Ask(_driver, 3, 0);
        var (transport, state) = (_driver.Transport.Save(), _device.Save());
        _driver.Transport = new VirtioMmioTransport(_driver.Line, _driver.Memory, _device = new VirtioInput(InputDescription.Keyboard(), _keys));
        _driver.Transport.Restore(transport);
        _device.Restore(state);
        Assert.Equal(before, Answer(_driver));
    }

    private TestDriver Make(InputDescription description) =>
        new((memory, line) => new VirtioMmioTransport(line, memory, _device = new VirtioInput(description, _keys)));

    private static byte[] Ask(TestDriver driver, byte select, byte subselect)
    {
        Assert.True(driver.Transport.TryWrite(Configuration, 1, select));
        Assert.True(driver.Transport.TryWrite(Configuration + 1, 1, subselect));
        return Answer(driver);
    }

    private static byte[] Answer(TestDriver driver)
    {
        Assert.True(driver.Transport.TryRead(Configuration + 2, 1, out var size));
        var answer = new byte[size];
        for (ulong i = 0; i < size; i++)
        {
            Assert.True(driver.Transport.TryRead(Configuration + 8 + i, 1, out var value));
            answer[i] = (byte)value;
        }

        return answer;
    }
}
