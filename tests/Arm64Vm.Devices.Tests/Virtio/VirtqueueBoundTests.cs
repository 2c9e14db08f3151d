using Arm64Vm.Devices.Tests.Virtio.Block;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio;

/// <summary>What drivers can make the process hold and do, and chains of both kinds of descriptors.</summary>
public sealed class VirtqueueBoundTests : IDisposable
{
    private const ulong Table = TestMemory.Base + 0x4_0000;
    private const ulong Buffers = TestMemory.Base + 0x2_0000;
    private const uint NeedsReset = 0x40;

    private MemoryBackend _disk = new(1024 * 512);
    private VirtioBlock? _block;

    public void Dispose()
    {
        _disk.Gate?.Set();
        _block?.Dispose();
    }

    /// <summary>A request that waits, and behind it as many of the longest kind as the driver cares to announce.</summary>
    [Fact]
    public void ADriverCannotMakeADiskHoldMoreThanItsQueue()
    {
        _disk.Gate = new ManualResetEventSlim();
        var driver = Disk(hasThread: true);
        const int Entries = 1024;
        for (var i = 0u; i < Entries; i++)
            Describe(driver, Table + 16 * i, Buffers, 16, i == Entries - 1 ? (ushort)2 : (ushort)1, (ushort)(i + 1));
        Describe(driver, TestDriver.Rings(0), Table, 16 * Entries, 4, 0);
        for (var i = 0u; i < TestDriver.Size; i++)
            driver.Memory.Write16(TestDriver.Rings(0) + 0x404 + 2 * i, 0);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var kick = 1; kick <= 100; kick++)
        {
            driver.Memory.Write16(TestDriver.Rings(0) + 0x402, (ushort)(TestDriver.Size * kick));
            driver.Notify(0);
        }

        // A list that grows leaves as much behind as it keeps.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 2 * TestDriver.Size * 1024 * DescriptorChain.SegmentSize + 64 * 1024);
        Assert.Equal(NeedsReset, driver.Transport.Read(0x70) & NeedsReset);
        _disk.Gate.Set();
    }

    [Fact]
    public void AChainLongerThanTheLongestBreaksTheQueue()
    {
        var driver = Disk(hasThread: false);
        for (var i = 0u; i < 32768; i++)
            Describe(driver, Table + 16 * i, Buffers, 16, i == 32767 ? (ushort)2 : (ushort)1, (ushort)(i + 1));
        Describe(driver, TestDriver.Rings(0), Table, 16 * 32768, 4, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        MakeAvailable(driver, 0);
        Assert.Equal(NeedsReset, driver.Transport.Read(0x70) & NeedsReset);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    /// <summary>virtio 1.2, 2.7.5.3.2: "zero or more normal chained descriptors followed by a single descriptor" with the indirect flag.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OrdinaryDescriptorsMayGoBeforeAnIndirectOne(bool longTable)
    {
        var driver = Disk(hasThread: false);
        _disk.Bytes.AsSpan(5 * 512, 512).Fill(0x77);
        TestDriver.Header(0, 5).CopyTo(driver.Memory.At(Buffers, 16));
        var ring = TestDriver.Rings(0);
        Describe(driver, ring + 16 * 3, Buffers, 8, 1, 9);
        Describe(driver, ring + 16 * 9, Buffers + 8, 8, 1, 1);

        // WRITE is to be ignored in a descriptor that refers to a table.
        Describe(driver, ring + 16 * 1, Table, longTable ? 16u * 100 : 16u * 2, 4 | 2, 0);
        Describe(driver, Table, Buffers + 0x100, 512, 3, 1);
        Describe(driver, Table + 16, Buffers + 0x400, 1, 2, 0);
        driver.Memory.At(Buffers + 0x400, 1)[0] = 0xFF;
        MakeAvailable(driver, 3);
        Assert.Equal(1, driver.Used(0));
        Assert.Equal(513u, driver.LastLength(0));
        Assert.Equal(0, driver.Memory.At(Buffers + 0x400, 1)[0]);
        Assert.Equal(-1, driver.Memory.At(Buffers + 0x100, 512).IndexOfAnyExcept((byte)0x77));
    }

    [Theory]
    [InlineData(4 | 1)] // an indirect one that goes on
    [InlineData(4)] // and the table refers to another
    public void IndirectDescriptorsGoOneLevelAndLast(ushort flags)
    {
        var driver = Disk(hasThread: false);
        Describe(driver, TestDriver.Rings(0), Table, 16 * 2, flags, 1);
        Describe(driver, Table, Table + 0x1000, 16, 4, 0);
        MakeAvailable(driver, 0);
        Assert.Equal(NeedsReset, driver.Transport.Read(0x70) & NeedsReset);
    }

    /// <summary>Each sector read goes into the queue and makes the next request available: one notification would never end.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RequestsThatMakeOthersAvailableDoNotKeepTheProcessor(bool hasThread)
    {
        // As many as the index has values, so that it comes round.
        const int Sectors = 65536;
        _disk = new MemoryBackend(Sectors * 512) { IsCached = true };
        var driver = Disk(hasThread);
        var ring = TestDriver.Rings(0);

        // What a request reads: itself, for the sector that follows, and the index of the available ring behind it.
        const ulong Index = 0x402;
        var header = ring + Index - 32;
        for (var sector = 0; sector < Sectors; sector++)
        {
            TestDriver.Header(0, (ulong)((sector + 1) % Sectors)).CopyTo(_disk.Bytes.AsSpan(sector * 512));
            BitConverter.TryWriteBytes(_disk.Bytes.AsSpan(sector * 512 + 32), (ushort)(sector + 2));
        }

        TestDriver.Header(0, 0).CopyTo(driver.Memory.At(header, 16));
        Describe(driver, ring, header, 16, 1, 1);
        Describe(driver, ring + 16, header, 34, 3, 2);
        Describe(driver, ring + 32, Buffers, 478, 3, 3);
        Describe(driver, ring + 48, Buffers + 0x400, 1, 2, 0);
        driver.Memory.Write16(ring + Index, 1);
        driver.Notify(0);
        Assert.InRange(driver.Used(0), 1024, 1 << 15);
        Assert.Equal(0u, driver.Transport.Read(0x70) & NeedsReset);
    }

    private TestDriver Disk(bool hasThread) => new(
        (memory, line) => new VirtioMmioTransport(line, memory, _block = new VirtioBlock(_disk, hasThread: hasThread)), 1 << 28);

    private static void Describe(TestDriver driver, ulong at, ulong address, uint length, ushort flags, ushort next)
    {
        driver.Memory.Write64(at, address);
        driver.Memory.Write32(at + 8, length);
        driver.Memory.Write16(at + 12, flags);
        driver.Memory.Write16(at + 14, next);
    }

    private static void MakeAvailable(TestDriver driver, ushort head)
    {
        driver.Memory.Write16(TestDriver.Rings(0) + 0x404, head);
        driver.Memory.Write16(TestDriver.Rings(0) + 0x402, 1);
        driver.Notify(0);
    }
}
