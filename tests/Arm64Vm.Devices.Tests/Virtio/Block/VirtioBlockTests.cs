using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

public sealed class VirtioBlockTests
{
    private readonly MemoryBackend _disk = new(64 * 512);
    private readonly TestDriver _driver;

    public VirtioBlockTests() =>
        _driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, new VirtioBlock(_disk, "serial")));

    [Fact]
    public void ConfigurationTellsTheCapacity()
    {
        Assert.Equal(64u, _driver.Transport.Read(0x100));
        Assert.Equal(254u, _driver.Transport.Read(0x10C));
        Assert.Equal(512u, _driver.Transport.Read(0x114));
    }

    [Fact]
    public void WriteThenReadReturnsTheSectors()
    {
        var data = Enumerable.Range(0, 1024).Select(i => (byte)(i * 7)).ToArray();
        Assert.Equal(0, Request(1, 3, data, 0).Status);
        Assert.Equal(data, _disk.Bytes.AsSpan(3 * 512, 1024));
        var (status, read) = Request(0, 3, [], 1024);
        Assert.Equal(0, status);
        Assert.Equal(data, read);
        Assert.Equal(1025u, _driver.LastLength(0));
        Assert.True(_driver.Line.Level);
    }

    [Theory]
    [InlineData(0u, 64ul, 512)]
    [InlineData(0u, 63ul, 1024)]
    [InlineData(0u, ulong.MaxValue, 512)]
    [InlineData(0u, 0ul, 100)]
    public void ReadsOutsideTheDiskFail(uint type, ulong sector, int length) =>
        Assert.Equal(1, Request(type, sector, [], length).Status);

    [Fact]
    public void WritesOutsideTheDiskFail() => Assert.Equal(1, Request(1, 63, new byte[1024], 0).Status);

    [Fact]
    public void FlushIdentifyAndUnknown()
    {
        Assert.Equal(0, Request(4, 0, [], 0).Status);
        Assert.Equal(1, _disk.Flushes);
        var (status, name) = Request(8, 0, [], 20);
        Assert.Equal(0, status);
        Assert.Equal("serial"u8, name.AsSpan(0, 6));
        Assert.Equal(2, Request(99, 0, [], 0).Status);
    }

    [Fact]
    public void ReadOnlyDiskSaysSoAndRefuses()
    {
        _disk.IsReadOnly = true;
        Assert.Equal(1ul << 5, new VirtioBlock(_disk).Features & (1ul << 5));
        Assert.Equal(1, Request(1, 0, new byte[512], 0).Status);
    }

    [Fact]
    public void HostErrorsBecomeRequestErrors()
    {
        _disk.Fails = true;
        Assert.Equal(1, Request(0, 0, [], 512).Status);
        Assert.Equal(1, Request(1, 0, new byte[512], 0).Status);
        Assert.Equal(1, Request(4, 0, [], 0).Status);
    }

    [Fact]
    public void HeaderlessAndStatuslessRequestsAreGivenBack()
    {
        _driver.Submit(0, [new byte[4]], 1);
        _driver.Submit(0, [TestDriver.Header(0, 0)]);
        _driver.Notify(0);
        Assert.Equal(2, _driver.Used(0));
    }

    [Fact]
    public void DiscardAndWriteZeroesReachTheDisk()
    {
        Assert.Equal(BlockRequests.MaximumRangeSectors, _driver.Transport.Read(0x124));
        _disk.Bytes.AsSpan().Fill(0xAA);
        Assert.Equal(0, Request(11, 0, [.. Range(8, 8, 0), .. Range(32, 16, 0)], 0).Status);
        Assert.Equal([(8 * 512ul, 8 * 512ul), (32 * 512ul, 16 * 512ul)], _disk.Discards);
        Assert.Equal(0, Request(13, 0, Range(2, 3, 1), 0).Status);
        Assert.Equal(-1, _disk.Bytes.AsSpan(2 * 512, 3 * 512).IndexOfAnyExcept((byte)0));
        Assert.Equal(0xAA, _disk.Bytes[5 * 512]);
    }

    [Theory]
    [InlineData(11u, 0ul, 8u, 1u, 2)]
    [InlineData(13u, 0ul, 8u, 2u, 2)]
    [InlineData(11u, 60ul, 8u, 0u, 1)]
    [InlineData(13u, ulong.MaxValue, 8u, 0u, 1)]
    [InlineData(13u, 0ul, uint.MaxValue, 0u, 1)]
    public void RangesThatMakeNoSenseFail(uint type, ulong sector, uint count, uint flags, int status)
    {
        _disk.Bytes.AsSpan().Fill(0xAA);
        Assert.Equal(status, Request(type, 0, [.. Range(0, 1, 0), .. Range(sector, count, flags)], 0).Status);
        Assert.Empty(_disk.Discards);
        Assert.Equal(-1, _disk.Bytes.AsSpan().IndexOfAnyExcept((byte)0xAA));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16 * (BlockRequests.MaximumRanges + 1))]
    public void ListsOfRangesHaveASize(int bytes) => Assert.Equal(1, Request(11, 0, new byte[bytes], 0).Status);

    [Fact]
    public void AReadOnlyDiskIsNotCleared()
    {
        _disk.IsReadOnly = true;
        Assert.Equal(0ul, new VirtioBlock(_disk).Features & (3ul << 13));
        Assert.Equal(1, Request(11, 0, Range(0, 1, 0), 0).Status);
        Assert.Equal(1, Request(13, 0, Range(0, 1, 0), 0).Status);
    }

    internal static byte[] Range(ulong sector, uint count, uint flags) =>
        [.. BitConverter.GetBytes(sector), .. BitConverter.GetBytes(count), .. BitConverter.GetBytes(flags)];

    private (byte Status, byte[] Data) Request(uint type, ulong sector, byte[] data, int read)
    {
        byte[][] readable = data.Length > 0 ? [TestDriver.Header(type, sector), data] : [TestDriver.Header(type, sector)];
        int[] writable = read > 0 ? [read, 1] : [1];
        var buffers = _driver.Submit(0, readable, writable);
        _driver.Memory.At(buffers[^1], 1)[0] = 0xEE;
        _driver.Notify(0);
        return (_driver.Memory.At(buffers[^1], 1)[0], read > 0 ? _driver.Memory.At(buffers[0], read).ToArray() : []);
    }
}
