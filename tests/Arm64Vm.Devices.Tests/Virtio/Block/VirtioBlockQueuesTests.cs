using Arm64Vm.Devices.Tests.Virtio.Pci;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

/// <summary>A disk with several request queues.</summary>
public sealed class VirtioBlockQueuesTests : IDisposable
{
    private const uint QueuesFeature = 1 << 12;
    private readonly MemoryBackend _disk = new(64 * 512);
    private VirtioBlock? _device;

    public void Dispose() => _device?.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EachRequestComesBackThroughItsQueue(bool hasThread)
    {
        var driver = Start(hasThread);
        Assert.Equal(3u, driver.Transport.Read(0x122, 2));
        for (uint queue = 0; queue < 3; queue++)
            driver.Submit(queue, [TestDriver.Header(1, queue), [.. Enumerable.Repeat((byte)(queue + 1), 512)]], 1);
        driver.Submit(2, [TestDriver.Header(4, 0)], 1);
        for (uint queue = 0; queue < 3; queue++)
            driver.Notify(queue);
        Wait(() => driver.Used(0) == 1 && driver.Used(1) == 1 && driver.Used(2) == 2);
        Assert.Equal([1, 2, 3], new[] { _disk.Bytes[0], _disk.Bytes[512], _disk.Bytes[1024] });

        // A flush covers the writes of all queues before it.
        Assert.Equal("flush 0", _disk.Calls[^1]);
        Assert.True(driver.Line.Level);
    }

    [Fact]
    public void AResetDropsWhatIsInFlightInEveryQueue()
    {
        var driver = Start(hasThread: true);
        _disk.Gate = new ManualResetEventSlim();
        for (uint queue = 0; queue < 3; queue++)
        {
            driver.Submit(queue, [TestDriver.Header(4, 0)], 1);
            driver.Notify(queue);
        }

        driver.Transport.Write(0x70, 0);
        _disk.Gate.Set();
        _device!.Quiesce();
        Assert.All([0u, 1u, 2u], queue => Assert.Equal(0, driver.Used(queue)));
    }

    /// <summary>A queue each for the processors that a machine can have, and a vector for each queue.</summary>
    [Fact]
    public void SixtyFourQueuesHaveAVectorEach()
    {
        var bench = new PciTestBench(() => new VirtioBlock(_disk, queues: 64));
        Assert.Equal(64u, bench.Config(0x42, 2) & 0x7FF);
        Assert.Equal(QueuesFeature, (uint)bench.MakeDevice().Features & QueuesFeature);
        bench.Enable();
        Assert.Equal(64u, bench.Read(0x12, 2));
        bench.Write(0x16, 2, 63);
        Assert.Equal((256u, 63u), (bench.Read(0x18, 2), bench.Read(0x1E, 2)));
        bench.Write(0x1A, 2, 64);
        Assert.Equal(64u, bench.Read(0x1A, 2));
        Assert.Equal(0u, (uint)new VirtioBlock(_disk).Features & QueuesFeature);
    }

    private TestDriver Start(bool hasThread)
    {
        _device = new VirtioBlock(_disk, hasThread: hasThread, queues: 3);
        return new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device), QueuesFeature);
    }

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, 30_000));
}
