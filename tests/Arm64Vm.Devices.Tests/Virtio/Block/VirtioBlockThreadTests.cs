using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

/// <summary>A disk with a thread of its own.</summary>
public sealed class VirtioBlockThreadTests : IDisposable
{
    private readonly MemoryBackend _disk = new(64 * 512);
    private readonly VirtioBlock _device;
    private readonly TestDriver _driver;

    public VirtioBlockThreadTests()
    {
        _device = new VirtioBlock(_disk, hasThread: true);
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, _device));
    }

    public void Dispose()
    {
        _disk.Gate?.Set();
        _device.Dispose();
    }

    [Fact]
    public void TheNotificationDoesNotWaitForTheDisk()
    {
        _disk.Gate = new ManualResetEventSlim();
        var status = Submit(1, 3, new byte[512]);
        _driver.Notify(0);
        Assert.Equal(0, _driver.Used(0));
        Assert.False(_driver.Line.Level);
        _disk.Gate.Set();
        Wait(1);
        Assert.Equal(0, _driver.Memory.At(status, 1)[0]);
        Assert.True(SpinWait.SpinUntil(() => _driver.Line.Level, 10_000));
    }

    [Fact]
    public void RequestsAreDoneInOrder()
    {
        Submit(1, 1, new byte[512]);
        Submit(1, 2, new byte[512]);
        Submit(4, 0, []);
        Submit(1, 3, new byte[512]);
        _driver.Notify(0);
        Wait(4);
        Assert.Equal(["write 1", "write 2", "flush 0", "write 3"], _disk.Calls);
    }

    [Fact]
    public void WhatTheHostHasInMemoryIsReadAtOnce()
    {
        _disk.Gate = new ManualResetEventSlim();
        _disk.IsCached = true;
        _disk.Bytes[5 * 512] = 77;
        Submit(4, 0, []);
        var buffers = _driver.Submit(0, [TestDriver.Header(0, 5)], 512, 1);
        _driver.Notify(0);
        Assert.Equal(1, _driver.Used(0));
        Assert.Equal(77, _driver.Memory.At(buffers[0], 1)[0]);
        Assert.Equal(0, _driver.Memory.At(buffers[1], 1)[0]);
        Assert.Equal(513u, _driver.LastLength(0));
        _disk.Gate.Set();
        Wait(2);
    }

    [Fact]
    public void ErrorsReachTheDriver()
    {
        _disk.Fails = true;
        ulong[] all = [Submit(1, 1, new byte[512]), Submit(4, 0, []), _driver.Submit(0, [TestDriver.Header(0, 5)], 512, 1)[1]];
        _driver.Notify(0);
        Wait(3);
        Assert.All(all, status => Assert.Equal(1, _driver.Memory.At(status, 1)[0]));
    }

    [Fact]
    public void AResetDropsWhatIsInFlight()
    {
        _disk.Gate = new ManualResetEventSlim();
        var first = _driver.Submit(0, [TestDriver.Header(0, 5)], 512, 1);
        Submit(1, 9, new byte[512]);
        _driver.Notify(0);
        Thread.Sleep(20);
        _driver.Transport.Write(0x70, 0);
        _disk.Bytes.AsSpan().Fill(0x55);
        _driver.Memory.At(first[0], 512).Fill(0x11);
        _disk.Gate.Set();
        _device.Quiesce();
        Assert.Equal(-1, _driver.Memory.At(first[0], 512).IndexOfAnyExcept((byte)0x11));
        Assert.DoesNotContain("write 9", _disk.Calls);
        Assert.False(_driver.Line.Level);
    }

    [Fact]
    public void ASaveFinishesWhatIsInFlight()
    {
        _disk.Gate = new ManualResetEventSlim();
        for (uint i = 0; i < 4; i++)
            Submit(1, i, [.. Enumerable.Repeat((byte)(i + 1), 512)]);
        _driver.Notify(0);
        _disk.Gate.Set();
        var state = _driver.Transport.Save();
        Assert.Equal(4, _driver.Used(0));
        Assert.Equal(4, state.Core!.Queues[0].NextUsed);
        Assert.Equal(4, state.Core!.Queues[0].NextAvailable);

        // The machine goes on with a device of its own.
        var line = new TestLine();
        using var other = new VirtioBlock(_disk, hasThread: true);
        var transport = new VirtioMmioTransport(line, _driver.Memory, other);
        transport.Restore(state);
        Assert.True(line.Level);
        _driver.Transport.Write(0x70, 0);
        Submit(1, 7, [.. Enumerable.Repeat((byte)9, 512)]);
        transport.Write(0x50, 0);
        Wait(5);
        Assert.Equal(9, _disk.Bytes[7 * 512]);
    }

    [Fact]
    public void TheEndWaitsForWhatIsInFlight()
    {
        _disk.Gate = new ManualResetEventSlim();
        Submit(1, 6, [.. Enumerable.Repeat((byte)6, 512)]);
        Submit(1, 7, [.. Enumerable.Repeat((byte)7, 512)]);
        _driver.Notify(0);
        _disk.Gate.Set();
        _device.Dispose();
        Assert.Equal((6, 7), (_disk.Bytes[6 * 512], _disk.Bytes[7 * 512]));
    }

    /// <summary>Returns where the status goes.</summary>
    private ulong Submit(uint type, ulong sector, byte[] data) =>
        _driver.Submit(0, data.Length > 0 ? [TestDriver.Header(type, sector), data] : [TestDriver.Header(type, sector)], 1)[^1];

    private void Wait(int used) => Assert.True(SpinWait.SpinUntil(() => _driver.Used(0) == used, 10_000), $"{_driver.Used(0)} of {used} requests came back");
}
