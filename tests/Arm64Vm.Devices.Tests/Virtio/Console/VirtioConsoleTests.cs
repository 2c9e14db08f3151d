using Arm64Vm.Devices.Tests.Uart;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Console;

namespace Arm64Vm.Devices.Tests.Virtio.Console;

public sealed class VirtioConsoleTests
{
    private readonly MemoryCharacterBackend _backend = new();
    private readonly TestDriver _driver;

    public VirtioConsoleTests() =>
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, new VirtioConsole(_backend)));

    [Fact]
    public void SendsWholeBuffers()
    {
        _driver.Submit(1, ["hello "u8.ToArray(), "world"u8.ToArray()]);
        _driver.Notify(1);
        Assert.Equal("hello world", _backend.OutputText);
        Assert.Equal(1, _driver.Used(1));
    }

    [Fact]
    public void InputGoesIntoBuffersThatWereOffered()
    {
        var buffers = _driver.Submit(0, [], 4);
        _driver.Notify(0);
        Assert.Equal(0, _driver.Used(0));
        _backend.Input.Feed("abcdef"u8);
        Assert.Equal(1, _driver.Used(0));
        Assert.Equal("abcd"u8, _driver.Memory.At(buffers[0], 4));
        Assert.True(_driver.Line.Level);

        buffers = _driver.Submit(0, [], 4);
        _driver.Notify(0);
        Assert.Equal(2u, _driver.LastLength(0));
        Assert.Equal("ef"u8, _driver.Memory.At(buffers[0], 2));
    }

    [Fact]
    public void InputWaitsWhileTheDriverIsNotThere()
    {
        _driver.Transport.Write(0x70, 0);
        Assert.Equal(3, _backend.Input.Feed("abc"u8));
        Assert.True(_backend.TryRead(out var first));
        Assert.Equal((byte)'a', first);
    }

    /// <summary>The thread that types may be on its way to the device when the machine is reset or ends.</summary>
    [Fact]
    public void InputThatComesAfterTheEndTouchesNoMemory()
    {
        var backend = new HeldHandlerBackend();
        VirtioConsole? console = null;
        var driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, console = new VirtioConsole(backend)));
        driver.Submit(0, [], 4);
        driver.Notify(0);
        var before = driver.Memory.Bytes.ToArray();
        driver.Transport.Dispose();
        console!.Dispose();
        backend.Feed((byte)'x');
        Assert.Equal(before, driver.Memory.Bytes);
        Assert.False(driver.Line.Level);
        Assert.Equal(1, backend.Waiting);
    }
}
