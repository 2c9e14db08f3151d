using CsCheck;

namespace Arm64Vm.Devices.Tests.Virtio.Pci;

public class VirtioPciTests
{
    private const ulong Descriptors = TestMemory.Base + 0x1000;
    private const ulong Available = TestMemory.Base + 0x2000;
    private const ulong Used = TestMemory.Base + 0x3000;
    private const ulong Buffers = TestMemory.Base + 0x8000;
    private const ulong Doorbell = 0x0802_0040;

    private readonly PciTestBench _bench = new(() => new EchoDevice());
    private ushort _submitted;

    [Fact]
    public void IdentifiesItselfAsAModernDevice()
    {
        Assert.Equal(0x1044_1AF4u, _bench.Config(0));
        Assert.Equal(0x00FF_0001u, _bench.Config(8));
        Assert.Equal(0x1100_1AF4u, _bench.Config(0x2C));
        Assert.Equal(1u, _bench.Config(0x3D, 1));
        Assert.Equal(uint.MaxValue, _bench.Host.TryRead(6 << 15, 4, out var nothing) ? (uint)nothing : 0);
    }

    [Fact]
    public void CapabilitiesLeadToTheRegisters()
    {
        var regions = new List<(uint Type, uint Bar, uint Offset)>();
        var others = new List<uint>();
        for (var at = _bench.Config(0x34, 1); at != 0; at = _bench.Config(at + 1, 1))
        {
            if (_bench.Config(at, 1) == 9)
                regions.Add((_bench.Config(at + 3, 1), _bench.Config(at + 4, 1), _bench.Config(at + 8)));
            else
                others.Add(_bench.Config(at, 1));
        }

        Assert.Equal([(1u, 4u, 0u), (3u, 4u, 0x1000u), (4u, 4u, 0x2000u), (2u, 4u, 0x3000u), (5u, 0u, 0u)], regions);
        Assert.Equal([0x11u, 0x10u], others);
    }

    [Fact]
    public void BaseAddressesHaveSizesAndDecodeOnlyWhereMemoryIsEnabled()
    {
        foreach (var bar in (ReadOnlySpan<uint>)[0x10, 0x14, 0x18, 0x1C, 0x20, 0x24])
            _bench.SetConfig(bar, uint.MaxValue);
        Assert.Equal(
            (0u, 0xFFFF_F000u, 0u, 0u, 0xFFFF_C00Cu, uint.MaxValue),
            (_bench.Config(0x10), _bench.Config(0x14), _bench.Config(0x18), _bench.Config(0x1C), _bench.Config(0x20), _bench.Config(0x24)));
        _bench.Enable(command: 0);
        Assert.Equal(0xFFFFu, _bench.Read(0x12, 2));
        _bench.Enable();
        Assert.Equal(2u, _bench.Read(0x12, 2));
        _bench.SetConfig(0x20, 0x8000);
        Assert.Equal(0xFFFFu, _bench.Read(0x12, 2));
        Assert.Equal(2u, _bench.Read(0x8012, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RequestGoesThroughTheRingsAndComesBackAsAMessage(bool restore)
    {
        _bench.Enable();
        _bench.EnableVectors();
        _bench.WriteVector(1, Doorbell, 81);
        _bench.StartQueue(Descriptors, Available, Used, vector: 1);
        Submit();
        if (restore)
            _bench.Reload();
        _bench.Write(0x3000, 2, 0);
        Assert.Equal("abcd"u8, _bench.Memory.At(Buffers + 0x100, 4));
        Assert.Equal((Doorbell, 81u, (ushort)(5 << 3)), Assert.Single(_bench.Messages.Sent));
        Assert.All(_bench.Lines, line => Assert.False(line.Level));
        Assert.Equal(0u, _bench.Read(0x1000, 1));
    }

    [Theory]
    [InlineData(0x8000, true)]
    [InlineData(0xC000, false)]
    public void MaskedVectorIsPendingUntilItIsUnmasked(ushort control, bool maskEntry)
    {
        _bench.Enable();
        _bench.EnableVectors(control);
        _bench.WriteVector(2, Doorbell, 90, maskEntry);
        _bench.StartQueue(Descriptors, Available, Used, vector: 2);
        Submit();
        _bench.Write(0x3000, 4, 0);
        Assert.Empty(_bench.Messages.Sent);
        Assert.True(_bench.Low.TryRead(0x800, 8, out var pending));
        Assert.Equal(4u, pending);
        _bench.Reload();
        _bench.EnableVectors();
        _bench.WriteVector(2, Doorbell, 91);
        Assert.Single(_bench.Messages.Sent);
        Assert.True(_bench.Low.TryRead(0x800, 8, out pending));
        Assert.Equal(0u, pending);
    }

    [Fact]
    public void WithoutMasteringTheBusNoMessageLeaves()
    {
        _bench.Enable(command: 2);
        _bench.EnableVectors();
        _bench.WriteVector(0, Doorbell, 80);
        _bench.StartQueue(Descriptors, Available, Used, vector: 0);
        Submit();
        _bench.Write(0x3000, 2, 0);
        Assert.Empty(_bench.Messages.Sent);
    }

    /// <summary>Pin A of device 5 is wire 1.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WithoutVectorsThePinIsDrivenUntilTheStatusIsRead(bool restore)
    {
        _bench.Enable();
        _bench.StartQueue(Descriptors, Available, Used, vector: 0xFFFF);
        Submit();
        _bench.Write(0x3000, 2, 0);
        if (restore)
            _bench.Reload();
        Assert.Equal([false, true, false, false], _bench.Lines.Select(line => line.Level));
        Assert.Equal(8u, _bench.Config(6, 2) & 8);
        _bench.SetConfig(4, 0x406, 2);
        Assert.False(_bench.Lines[1].Level);
        Assert.Equal(8u, _bench.Config(6, 2) & 8);
        _bench.SetConfig(4, 6, 2);
        Assert.True(_bench.Lines[1].Level);
        Assert.Equal(1u, _bench.Read(0x1000, 1));
        Assert.Equal((false, 0u), (_bench.Lines[1].Level, _bench.Read(0x1000, 1)));
    }

    [Fact]
    public void FeaturesUnderNegotiationSurviveASaveAsTheyWereWritten()
    {
        _bench.Enable();
        _bench.Write(0x0C, 4, 0x0060_0000);
        _bench.Reload();
        Assert.Equal(0x0060_0000u, _bench.Read(0x0C, 4));
        _bench.Write(0x08, 4, 1);
        _bench.Write(0x0C, 4, 1);
        _bench.Write(0x14, 1, 11);
        Assert.Equal(3u, _bench.Read(0x14, 1));
    }

    [Fact]
    public void VectorsAndQueuesThatDoNotExistReadAsNone()
    {
        _bench.Enable();
        _bench.Write(0x10, 2, 3);
        Assert.Equal(0xFFFFu, _bench.Read(0x10, 2));
        _bench.Write(0x10, 2, 2);
        Assert.Equal(2u, _bench.Read(0x10, 2));
        Assert.Equal(256u, _bench.Read(0x18, 2));
        _bench.Write(0x16, 2, 2);
        Assert.Equal((0u, 0xFFFFu), (_bench.Read(0x18, 2), _bench.Read(0x1A, 2)));
        _bench.Write(0x14, 1, 0);
        Assert.Equal(0xFFFFu, _bench.Read(0x10, 2));
    }

    [Fact]
    public void RegistersAreReachedThroughConfigurationSpace()
    {
        uint access = 0;
        for (var at = _bench.Config(0x34, 1); at != 0; at = _bench.Config(at + 1, 1))
            access = _bench.Config(at, 1) == 9 && _bench.Config(at + 3, 1) == 5 ? at : access;
        _bench.SetConfig(access + 4, 4, 1);
        _bench.SetConfig(access + 8, 0x12);
        _bench.SetConfig(access + 12, 2);
        Assert.Equal(2u, _bench.Config(access + 16, 2));
        _bench.SetConfig(access + 8, 0x10);
        _bench.SetConfig(access + 16, 1, 2);
        Assert.Equal(1u, _bench.Config(access + 16, 2));

        // Beyond the registers, or of another length: nothing.
        _bench.SetConfig(access + 8, 0xFFFF_FFFE);
        Assert.Equal(0u, _bench.Config(access + 16, 2));
        _bench.SetConfig(access + 12, 4);
        _bench.SetConfig(access + 16, uint.MaxValue, 2);
    }

    [Fact]
    public void RandomAccessesNeverThrowAndARestoredDeviceBehavesTheSame()
    {
        uint[] interesting = [4, 6, 0x10, 0x14, 0x20, 0x24, 0x40, 0x42, 0x90, 0x94, 0x98, 0x9C, 0xA0, 0xB0, 0x34, 0x100, 0xFFC];
        var accesses = Gen.Select(Gen.Int[0, 5], Gen.UInt, Gen.Int[0, 3], Gen.OneOf(Gen.UInt, Gen.UInt[0, 255], Gen.Const(0x8000_0000u), Gen.Const(0x1000_0000u)));
        Gen.Select(accesses.Array[1, 80], Gen.Int[0, 79]).Sample(
            (list, middle) =>
            {
                var configuration = new byte[8];
                var (one, other) = (new PciTestBench(() => new EchoDevice(configuration)), new PciTestBench(() => new EchoDevice(configuration)));
                one.Enable();
                other.Enable();
                for (var i = 0; i < list.Length; i++)
                {
                    if (i == middle)
                        other.Reload();
                    var (what, where, width, value) = list[i];
                    var size = 1 << width;
                    foreach (var write in (ReadOnlySpan<bool>)[(what & 1) != 0])
                    {
                        var results = new List<(bool, ulong)>();
                        foreach (var bench in (ReadOnlySpan<PciTestBench>)[one, other])
                        {
                            var (device, offset) = (what / 2) switch
                            {
                                0 => (bench.Host, (5ul << 15) + ((where & 7) != 0 ? interesting[where % (uint)interesting.Length] : where % 0x1000)),
                                1 => (bench.High, (ulong)(where % 0x4100)),
                                _ => (bench.Low, (ulong)(where % 0x1010)),
                            };
                            if ((where & 8) != 0)
                                offset &= ~(ulong)(size - 1);
                            if (what / 2 == 1 && (where & 16) != 0)
                                offset %= 0x40;
                            ulong read = 0;
                            var done = write ? device.TryWrite(offset, size, value) : device.TryRead(offset, size, out read);
                            results.Add((done, read));
                        }

                        Assert.Equal(results[0], results[1]);
                    }

                    Assert.Equal(one.Lines.Select(line => line.Level), other.Lines.Select(line => line.Level));
                }

                Assert.Equal(one.Messages.Sent, other.Messages.Sent);
            },
            iter: 500);
    }

    private void Submit()
    {
        "abcd"u8.CopyTo(_bench.Memory.At(Buffers, 4));
        _bench.Memory.Write64(Descriptors, Buffers);
        _bench.Memory.Write32(Descriptors + 8, 4);
        _bench.Memory.Write16(Descriptors + 12, 1);
        _bench.Memory.Write16(Descriptors + 14, 1);
        _bench.Memory.Write64(Descriptors + 16, Buffers + 0x100);
        _bench.Memory.Write32(Descriptors + 24, 4);
        _bench.Memory.Write16(Descriptors + 28, 2);
        _bench.Memory.Write16(Available + 4 + 2ul * (uint)(_submitted % 8), 0);
        _bench.Memory.Write16(Available + 2, ++_submitted);
    }
}
