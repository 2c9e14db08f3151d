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
    public void OverlayKeepsTheDiskBelowUntouched()
    {
        var below = new MemoryBackend(200 * 1024);
        new Random(1).NextBytes(below.Bytes);
        var before = (byte[])below.Bytes.Clone();
        var model = (byte[])before.Clone();
        var overlay = new OverlayBlockBackend(below);
        var random = new Random(2);
        for (var i = 0; i < 200; i++)
        {
            var offset = random.Next(model.Length);
            var bytes = new byte[random.Next(Math.Min(100_000, model.Length - offset) + 1)];
            if (i % 2 == 0)
            {
                random.NextBytes(bytes);
                Assert.True(overlay.TryWrite((ulong)offset, bytes));
                bytes.CopyTo(model, offset);
            }
            else
            {
                Assert.True(overlay.TryRead((ulong)offset, bytes));
                Assert.Equal(model[offset..(offset + bytes.Length)], bytes);
            }
        }

        Assert.Equal(before, below.Bytes);
    }

    [Fact]
    public void FileBackendReadsWritesAndPadsTheTail()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [.. Enumerable.Range(0, 700).Select(i => (byte)i)]);
            using (var file = new FileBlockBackend(path, readOnly: false))
            {
                Assert.Equal(700ul, file.Size);
                Assert.True(file.TryWrite(10, [1, 2, 3]));
                var tail = new byte[1024];
                tail.AsSpan().Fill(9);
                Assert.True(file.TryRead(512, tail));
                Assert.Equal(0, tail[700 - 512]);
                Assert.True(file.TryFlush());
            }

            Assert.Equal([1, 2, 3], File.ReadAllBytes(path)[10..13]);
            using var readOnly = new FileBlockBackend(path, readOnly: true);
            Assert.False(readOnly.TryWrite(0, [1]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private (byte Status, byte[] Data) Request(uint type, ulong sector, byte[] data, int read)
    {
        byte[][] readable = data.Length > 0 ? [TestDriver.Header(type, sector), data] : [TestDriver.Header(type, sector)];
        int[] writable = read > 0 ? [read, 1] : [1];
        var buffers = _driver.Submit(0, readable, writable);
        _driver.Memory.At(buffers[^1], 1)[0] = 0xEE;
        _driver.Notify(0);
        return (_driver.Memory.At(buffers[^1], 1)[0], read > 0 ? _driver.Memory.At(buffers[0], read).ToArray() : []);
    }

    private sealed class MemoryBackend(int size) : IBlockBackend
    {
        public byte[] Bytes { get; } = new byte[size];

        public int Flushes { get; private set; }

        public bool Fails { get; set; }

        public ulong Size => (ulong)Bytes.Length;

        public bool IsReadOnly { get; set; }

        public bool TryRead(ulong offset, Span<byte> destination)
        {
            Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
            return !Fails;
        }

        public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
        {
            source.CopyTo(Bytes.AsSpan((int)offset));
            return !Fails;
        }

        public bool TryFlush()
        {
            Flushes++;
            return !Fails;
        }
    }
}
