using System.Net.NetworkInformation;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Sharing;
using Arm64Vm.Devices.Tests.Virtio.Block;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Balloon;
using Arm64Vm.Devices.Virtio.Block;
using Arm64Vm.Devices.Virtio.Console;
using Arm64Vm.Devices.Virtio.Entropy;
using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Devices.Virtio.Net;
using Arm64Vm.Devices.Virtio.Serial;
using Arm64Vm.Devices.Virtio.Share;
using Arm64Vm.Devices.Virtio.Vsock;
using Arm64Vm.Tests;

namespace Arm64Vm.Devices.Tests.Virtio;

/// <summary>
/// Every virtio device behind both transports with a driver that writes nonsense into rings and registers, mostly near to sense: nothing
/// throws, hangs, or makes the process hold more and more. How long, and from which seed: <see cref="FuzzSeeds"/>.
/// </summary>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
[Collection(nameof(DeviceBoundTests))] // what is kept is measured for the whole process
public sealed class QueueFuzzTests : IDisposable
{
    private const int Actions = 150;
    private const long MostKept = 48 << 20;

    /// <summary>Of those devices that have a fixed number; so many the driver knows of, whether they are there or not.</summary>
    private const int Queues = 4;

    private static readonly TimeSpan s_mostForASeed = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public static TheoryData<string, bool> Devices()
    {
        var all = new TheoryData<string, bool>();
        foreach (var name in (ReadOnlySpan<string>)["block", "block-thread", "block-queues", "net", "net-queues", "console", "entropy", "balloon", "share", "vsock", "serial", "keyboard", "tablet"])
        {
            all.Add(name, false);
            all.Add(name, true);
        }

        return all;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Devices))]
    public void NonsenseOfADriverIsSurvived(string name, bool onPci)
    {
        var before = 0L;
        var count = 0;
        foreach (var seed in FuzzSeeds.Count(30))
        {
            using var watch = new LivedTime();
            try
            {
                RunOne(name, onPci, seed);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Assert.Fail($"seed {seed}: {e}");
            }

            Assert.True(watch.Elapsed < s_mostForASeed, $"seed {seed} took {watch.Elapsed}");
            if (++count == 20)
                before = GC.GetTotalMemory(forceFullCollection: true);
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostKept);
    }

    private void RunOne(string name, bool onPci, int seed)
    {
        var random = new Random(seed);
        var memory = new TestMemory();
        var held = new Stack<IDisposable>();
        var device = Make(name, memory, held);
        var queues = name.EndsWith("-queues", StringComparison.Ordinal) ? device.QueueCount + 1 : Queues;
        NonsenseDriver driver = onPci ? new NonsensePciDriver(memory, device, random, queues) : new NonsenseMmioDriver(memory, device, random, queues);
        for (var i = 0; i < Actions; i++)
            driver.Act();
        driver.Dispose();
        (device as IDisposable)?.Dispose();
        while (held.TryPop(out var one))
            one.Dispose();
    }

    private IVirtioDevice Make(string name, TestMemory memory, Stack<IDisposable> held)
    {
        switch (name)
        {
            case "block": return new VirtioBlock(new MemoryBackend(64 * 512));
            case "block-thread": return new VirtioBlock(new MemoryBackend(64 * 512), hasThread: true);
            case "block-queues": return new VirtioBlock(new MemoryBackend(64 * 512), hasThread: true, queues: 4);
            case "net" or "net-queues":
                var lan = new NetworkSwitch();
                var link = new NetworkLink(lan.AddPort());
                var other = new NetworkLink(lan.AddPort());
                held.Push(link);
                held.Push(other);
                return new VirtioNet([link], name == "net" ? 1 : 3, new PhysicalAddress([0x52, 0x54, 0, 1, 2, 3]), 0);
            case "console":
                var backend = new MemoryCharacterBackend();
                backend.Input.Feed("some input that waits to be read"u8);
                return new VirtioConsole(backend);
            case "entropy": return new VirtioEntropy(new Random(1).NextBytes);
            case "balloon": return new VirtioBalloon(memory, 100);
            case "serial":
                var ends = (First: new MemoryCharacterBackend(), Second: new MemoryCharacterBackend());
                ends.First.Input.Feed("some input that waits to be read"u8);
                return new VirtioSerial([("org.first", ends.First), ("org.second", ends.Second)]);
            case "keyboard" or "tablet":
                var typed = new InputQueue();
                var input = new VirtioInput(name == "tablet" ? InputDescription.Tablet() : InputDescription.Keyboard(), typed);
                held.Push(new Typist(typed));
                return input;
            case "vsock":
                var host = new VsockHost(Path.Combine(_folder.FullName, "vsock"));
                held.Push(host);
                return new VirtioVsock(3, host);
            default:
                var folder = new SharedFolder(_folder.FullName, isReadOnly: true);
                held.Push(folder);
                return new VirtioShare(folder, "fuzz");
        }
    }

    /// <summary>Presses a key every now and then, from a thread of its own.</summary>
    private sealed class Typist : IDisposable
    {
        private readonly System.Threading.Timer _timer;

        public Typist(InputQueue queue) =>
            _timer = new System.Threading.Timer(_ => queue.Report(InputEvent.Key(30, isPressed: true), InputEvent.Key(30, isPressed: false)), null, 0, 1);

        public void Dispose()
        {
            using var done = new ManualResetEvent(false);
            _timer.Dispose(done);
            done.WaitOne();
        }
    }
}
