using Arm64Vm.Devices.Virtio;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Virtio;

public sealed class VirtioMmioTests
{
    private const ulong Descriptors = TestMemory.Base + 0x1000;
    private const ulong Available = TestMemory.Base + 0x2000;
    private const ulong Used = TestMemory.Base + 0x3000;
    private const ulong Table = TestMemory.Base + 0x4000;
    private const ulong Buffers = TestMemory.Base + 0x8000;
    private const ushort Size = 8;

    private readonly TestMemory _memory = new();
    private readonly TestLine _line = new();
    private EchoDevice _device = new();
    private VirtioMmioTransport _transport;
    private ushort _submitted;

    public VirtioMmioTests() => _transport = new VirtioMmioTransport(_line, _memory, _device);

    [Fact]
    public void EmptyTransportHasDeviceId0()
    {
        var empty = new VirtioMmioTransport(_line, _memory);
        Assert.Equal((0x7472_6976u, 2u, 0u, 0x554D_4551u), (empty.Read(0), empty.Read(4), empty.Read(8), empty.Read(12)));
        for (ulong offset = 0x10; offset < 0x200; offset += 4)
        {
            empty.Write(offset, uint.MaxValue);
            Assert.Equal(0u, empty.Read(offset));
        }
    }

    [Fact]
    public void FeaturesAreOfferedInHalvesAndVersion1IsRequired()
    {
        Assert.Equal(1u | (1u << 28) | (1u << 29), _transport.Read(0x10));
        _transport.Write(0x14, 1);
        Assert.Equal(1u, _transport.Read(0x10));
        _transport.Write(0x20, 1);
        _transport.Write(0x70, 11);
        Assert.Equal(3u, _transport.Read(0x70));
        _transport.Write(0x24, 1);
        _transport.Write(0x20, 1);
        _transport.Write(0x70, 11);
        Assert.Equal(11u, _transport.Read(0x70));
    }

    [Fact]
    public void FeaturesThatWereNotOfferedAreRefused()
    {
        _transport.Write(0x24, 1);
        _transport.Write(0x20, 3);
        _transport.Write(0x70, 11);
        Assert.Equal(3u, _transport.Read(0x70));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RequestGoesThroughTheRings(bool restore)
    {
        Start(0);
        "payload"u8.CopyTo(_memory.At(Buffers, 7));
        Describe(0, Buffers, 4, flags: 1, next: 1);
        Describe(1, Buffers + 4, 3, flags: 1, next: 2);
        Describe(2, Buffers + 0x100, 5, flags: 3, next: 3);
        Describe(3, Buffers + 0x200, 10, flags: 2, next: 0);
        Submit(0);
        Reload(restore);
        _transport.Write(0x50, 0);
        Assert.Equal("paylo"u8, _memory.At(Buffers + 0x100, 5));
        Assert.Equal("ad"u8, _memory.At(Buffers + 0x200, 2));
        Assert.Equal((1, 0u, 7u), (_memory.Read16(Used + 2), _memory.Read32(Used + 4), _memory.Read32(Used + 8)));
        Assert.True(_line.Level);
        Assert.Equal(1u, _transport.Read(0x60));
        Reload(restore);
        Assert.True(_line.Level);
        _transport.Write(0x64, 1);
        Assert.False(_line.Level);
    }

    [Fact]
    public void RingsWrapAround()
    {
        Start(0);
        Describe(5, Buffers, 1, flags: 1, next: 6);
        Describe(6, Buffers + 16, 1, flags: 2, next: 0);
        for (var i = 0; i < 70_000; i++)
        {
            Submit(5);
            _transport.Write(0x50, 0);
            Assert.Equal((ushort)(i + 1), _memory.Read16(Used + 2));
        }
    }

    [Fact]
    public void IndirectTableIsFollowedOnce()
    {
        Start(VirtioFeatures.IndirectDescriptors);
        "abc"u8.CopyTo(_memory.At(Buffers, 3));
        Describe(0, Table, 32, flags: 4, next: 0);
        Describe(0, Buffers, 3, flags: 1, next: 1, table: Table);
        Describe(1, Buffers + 0x100, 3, flags: 2, next: 0, table: Table);
        Submit(0);
        _transport.Write(0x50, 0);
        Assert.Equal("abc"u8, _memory.At(Buffers + 0x100, 3));

        Describe(1, Table, 32, flags: 4, next: 0, table: Table);
        Submit(0);
        _transport.Write(0x50, 0);
        AssertBroken();
    }

    [Fact]
    public void EventIndexSuppressesInterrupts()
    {
        Start(VirtioFeatures.EventIndex);
        Describe(0, Buffers, 1, flags: 0, next: 0);
        _memory.Write16(Available + 4 + 2 * Size, 1); // used_event: after the second
        Submit(0);
        _transport.Write(0x50, 0);
        Assert.False(_line.Level);
        Submit(0);
        _transport.Write(0x50, 0);
        Assert.True(_line.Level);
        Assert.Equal(2, _memory.Read16(Used + 4 + 8 * Size)); // avail_event
    }

    [Fact]
    public void NoInterruptFlagIsHonoured()
    {
        Start(0);
        Describe(0, Buffers, 1, flags: 0, next: 0);
        _memory.Write16(Available, 1);
        Submit(0);
        _transport.Write(0x50, 0);
        Assert.Equal(1, _memory.Read16(Used + 2));
        Assert.False(_line.Level);
    }

    [Fact]
    public void EndlessChainBreaksTheQueue()
    {
        Start(0);
        Describe(0, Buffers, 1, flags: 1, next: 0);
        Submit(0);
        _transport.Write(0x50, 0);
        AssertBroken();
        _transport.Write(0x70, 0);
        Assert.Equal(0u, _transport.Read(0x70));
        Assert.False(_line.Level);
        Assert.Equal(1, _device.Resets);
    }

    [Fact]
    public void ReadableAfterWritableBreaksTheQueue()
    {
        Start(0);
        Describe(0, Buffers, 1, flags: 3, next: 1);
        Describe(1, Buffers, 1, flags: 0, next: 0);
        Submit(0);
        _transport.Write(0x50, 0);
        AssertBroken();
    }

    [Fact]
    public void HeadBeyondTheRingBreaksTheQueue()
    {
        Start(0);
        Submit(Size);
        _transport.Write(0x50, 0);
        AssertBroken();
    }

    [Fact]
    public void BuffersOutsideRamFailTheRequestOnly()
    {
        Start(0);
        Describe(0, 0x1000, 4, flags: 1, next: 1);
        Describe(1, ulong.MaxValue - 1, 4, flags: 2, next: 0);
        Submit(0);
        _transport.Write(0x50, 0);
        Assert.Equal((1, 0u), (_memory.Read16(Used + 2), _memory.Read32(Used + 8)));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(512u)]
    [InlineData(0x10008u)]
    public void BadQueueSizesAreNotReady(uint size)
    {
        _transport.Write(0x38, size);
        _transport.Write(0x44, 1);
        Assert.Equal(0u, _transport.Read(0x44));
    }

    [Fact]
    public void ConfigurationTakesEveryWidth()
    {
        _transport.Write(0x100, 0x0807_0605_0403_0201, 8);
        Assert.Equal(0x05u, _transport.Read(0x104, 1));
        Assert.Equal(0x0403u, _transport.Read(0x102, 2));
        Assert.Equal(0ul, _transport.ReadWide(0x108, 8));
        Assert.Equal(0u, _transport.Read(0x1FF, 1));
        Assert.Equal(0u, _transport.Read(0, 1));
        Assert.False(_transport.TryRead(0x1FC, 8, out _));
    }

    [Fact]
    public void RandomRingsNeverThrow()
    {
        Gen.Select(Gen.Byte.Array[0x4000], Gen.UShort, Gen.UInt[0, 2]).Sample(
            (garbage, index, features) =>
            {
                _memory.Bytes.AsSpan().Clear();
                _transport.Write(0x70, 0);
                Start(features << 28);
                garbage.CopyTo(_memory.At(Descriptors, garbage.Length));
                _memory.Write16(Available + 2, (ushort)(index % 10));
                for (ulong i = 0; i < Size; i++)
                {
                    _memory.Write16(Available + 4 + 2 * i, (ushort)(garbage[i] % 9));
                    _memory.Write16(Descriptors + 16 * i + 12, (ushort)(garbage[100 + i] % 8));
                    _memory.Write16(Descriptors + 16 * i + 14, (ushort)(garbage[200 + i] % 9));
                    _memory.Write64(Descriptors + 16 * i, TestMemory.Base + ((ulong)garbage[300 + i] << 8));
                    _memory.Write32(Descriptors + 16 * i + 8, (uint)(garbage[400 + i] * 16));
                }

                _transport.Write(0x50, 0);
            },
            iter: 500,
            threads: 1);
    }

    private void Start(ulong features)
    {
        _submitted = 0;
        _transport.Write(0x70, 3);
        for (uint half = 0; half < 2; half++)
        {
            _transport.Write(0x24, half);
            _transport.Write(0x20, (uint)((features | VirtioFeatures.Version1) >> (32 * (int)half)));
        }

        _transport.Write(0x70, 11);
        _transport.Write(0x30, 0);
        Assert.Equal(256u, _transport.Read(0x34));
        _transport.Write(0x38, Size);
        foreach (var (offset, address) in new[] { (0x80ul, Descriptors), (0x90ul, Available), (0xA0ul, Used) })
        {
            _transport.Write(offset, (uint)address);
            _transport.Write(offset + 4, (uint)(address >> 32));
        }

        _transport.Write(0x44, 1);
        Assert.Equal(1u, _transport.Read(0x44));
        _transport.Write(0x70, 15);
        Assert.Equal(features | VirtioFeatures.Version1, _device.Negotiated);
    }

    private void Describe(int index, ulong address, uint length, ushort flags, ushort next, ulong table = Descriptors)
    {
        var at = table + (ulong)index * 16;
        _memory.Write64(at, address);
        _memory.Write32(at + 8, length);
        _memory.Write16(at + 12, flags);
        _memory.Write16(at + 14, next);
    }

    private void Submit(ushort head)
    {
        _memory.Write16(Available + 4 + 2ul * (uint)(_submitted % Size), head);
        _memory.Write16(Available + 2, ++_submitted);
    }

    private void AssertBroken()
    {
        Assert.Equal(0x40u, _transport.Read(0x70) & 0x40);
        Assert.Equal(2u, _transport.Read(0x60) & 2);
    }

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _transport.Save();
        _device = new EchoDevice();
        _transport = new VirtioMmioTransport(_line, _memory, _device);
        _transport.Restore(state);
    }
}
