using CsCheck;

namespace Arm64Vm.Devices.Tests.Gic.Its;

public class ItsTests
{
    private const uint Device = 0x28;
    private const int Lpi = 8200;

    private readonly ItsBench _bench = new();

    [Fact]
    public void RegistersSayWhatThereIs()
    {
        var type = _bench.Its.ReadWide(8, 8);
        Assert.Equal((1u, 7u, 15u, 15u), ((uint)type & 1, (uint)(type >> 4) & 15, (uint)(type >> 8) & 31, (uint)(type >> 13) & 31));
        Assert.Equal(0x8000_0001u, _bench.Its.Read(0));
        Assert.Equal(0x3Bu, _bench.Its.Read(0xFFE8));
        Assert.Equal((1u, 4u, 0u), ((uint)(_bench.Its.ReadWide(0x100, 8) >> 56) & 7, (uint)(_bench.Its.ReadWide(0x108, 8) >> 56) & 7, (uint)(_bench.Its.ReadWide(0x110, 8) >> 56) & 7));
        Assert.Equal(1u, _bench.Gic.Redistributors.Read(8) & 1);
        Assert.Equal(1u << 17, _bench.Gic.Distributor.Read(4) & (1u << 17));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AMessageBecomesTheLpiOfItsEvent(bool restore)
    {
        Map(processor: 1);
        _bench.Configure(Lpi, 0xA1);
        _bench.OnEvent(0x0C, Device, 3);
        if (restore)
            _bench.Reload();
        Assert.True(_bench.Its.TrySend(ItsBench.Doorbell, 3, (ushort)Device));
        if (restore)
            _bench.Reload();
        Assert.Equal((false, true), (_bench.Irq[0].Level, _bench.Irq[1].Level));
        Assert.Equal(1023, _bench.Acknowledge(0));
        Assert.Equal(Lpi, _bench.Acknowledge(1));
        Assert.False(_bench.Irq[1].Level);

        // LPIs are not active: the next one waits for the priority only.
        _bench.Its.TrySend(ItsBench.Doorbell, 3, (ushort)Device);
        Assert.False(_bench.Irq[1].Level);
        _bench.End(1, Lpi);
        Assert.True(_bench.Irq[1].Level);
        Assert.Equal(Lpi, _bench.Acknowledge(1));
    }

    [Fact]
    public void ConfigurationIsReadWhenItIsInvalidated()
    {
        Map(processor: 0);
        _bench.Its.TrySend(ItsBench.Doorbell, 3, (ushort)Device);
        _bench.Configure(Lpi, 0xA1);
        Assert.False(_bench.Irq[0].Level);
        _bench.OnEvent(0x0C, Device, 3);
        Assert.True(_bench.Irq[0].Level);
        _bench.Configure(Lpi, 0xA0);
        _bench.Command(0x0D, 0, 7);
        Assert.False(_bench.Irq[0].Level);
    }

    [Fact]
    public void TheHighestPriorityComesFirstThenTheLowestNumber()
    {
        Map(processor: 0);
        foreach (var (number, id, priority) in new[] { (4u, 8300, 0x80), (5u, 8250, 0x40), (6u, 8260, 0x40) })
        {
            _bench.MapEvent(Device, number, id, 7);
            _bench.Configure(id, (byte)(priority | 1));
            _bench.OnEvent(0x0C, Device, number);
            _bench.Its.TrySend(ItsBench.Doorbell, number, (ushort)Device);
        }

        var order = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            order.Add(_bench.Acknowledge(0));
            _bench.End(0, order[^1]);
        }

        Assert.Equal([8250, 8260, 8300], order);
    }

    [Fact]
    public void PendingLpisMoveWithTheirEvent()
    {
        Map(processor: 0);
        _bench.MapCollection(8, 1);
        _bench.Configure(Lpi, 0xA1);
        _bench.OnEvent(0x0C, Device, 3);
        _bench.OnEvent(0x03, Device, 3);
        Assert.True(_bench.Irq[0].Level);
        _bench.OnEvent(0x01, Device, 3, collection: 8);
        Assert.Equal((false, true), (_bench.Irq[0].Level, _bench.Irq[1].Level));
        _bench.Command(0x0E, 0, 1ul << 16, 0);
        Assert.Equal((true, false), (_bench.Irq[0].Level, _bench.Irq[1].Level));
        _bench.Command(0x0E, 0, 0, 1ul << 16);
        _bench.OnEvent(0x04, Device, 3);
        Assert.Equal((false, false), (_bench.Irq[0].Level, _bench.Irq[1].Level));
    }

    [Fact]
    public void WhatIsNotMappedIsNothing()
    {
        Map(processor: 0);
        _bench.Configure(Lpi, 0xA1);
        _bench.OnEvent(0x0C, Device, 3);
        _bench.Its.TrySend(ItsBench.Doorbell, 4, (ushort)Device);
        _bench.Its.TrySend(ItsBench.Doorbell, 32, (ushort)Device);
        _bench.Its.TrySend(ItsBench.Doorbell, 3, 1);
        Assert.False(_bench.Its.TrySend(ItsBench.Doorbell + 4, 3, (ushort)Device));
        _bench.OnEvent(0x0F, Device, 3);
        _bench.Its.TrySend(ItsBench.Doorbell, 3, (ushort)Device);
        Assert.False(_bench.Irq[0].Level);

        // Processors, numbers and INTIDs that do not exist.
        _bench.MapCollection(9, 2);
        _bench.MapEvent(Device, 5, 8192 - 1, 7);
        _bench.MapEvent(Device, 6, 65536, 7);
        _bench.Its.TrySend(ItsBench.Doorbell, 5, (ushort)Device);
        _bench.Its.TrySend(ItsBench.Doorbell, 6, (ushort)Device);
        Assert.False(_bench.Irq[0].Level);
    }

    [Fact]
    public void DisablingLpisPutsWhatIsPendingIntoMemory()
    {
        Map(processor: 0);
        _bench.Configure(Lpi, 0xA1);
        _bench.OnEvent(0x0C, Device, 3);
        _bench.OnEvent(0x03, Device, 3);
        _bench.Gic.Redistributors.Write(0, 0);
        Assert.False(_bench.Irq[0].Level);
        Assert.Equal(1, _bench.Memory.At(TestMemory.Base + 0x8_0000 + Lpi / 8, 1)[0]);
        _bench.Gic.Redistributors.Write(0, 1);
        Assert.Equal(Lpi, _bench.Acknowledge(0));
    }

    [Fact]
    public void RandomCommandsAndTablesNeverThrow()
    {
        var commands = Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong, Gen.Int[0, 15]).Array[1, 20];
        Gen.Select(commands, Gen.Byte.Array[64], Gen.UInt[0, 40], Gen.ULong).Sample(
            (list, garbage, number, register) =>
            {
                var bench = new ItsBench();
                bench.MapDevice(Device);
                bench.MapCollection(7, 0);
                garbage.CopyTo(bench.Memory.At(TestMemory.Base + 0x2_0000 + 8 * Device, 64));
                garbage.CopyTo(bench.Memory.At(TestMemory.Base + 0x4_0000, 64));
                foreach (var (first, second, third, fourth, operation) in list)
                {
                    // Small numbers find something, large ones nothing.
                    var isSmall = (first & 0x100) != 0;
                    var device = isSmall ? Device : (uint)(first >> 32);
                    bench.Command((uint)operation | ((ulong)device << 32), isSmall ? second & 0x1F_0000_001F : second, isSmall ? third & 0x8000_0000_0001_0007 : third, fourth);
                    bench.Its.TrySend(ItsBench.Doorbell, number, (ushort)device);
                }

                bench.Reload();
                bench.Its.Write(0, 0);
                bench.Its.Write(register & 0x1_FFF8, register, 8);
                bench.Its.Write(0, 1);
                bench.Its.Write(0x88, register & 0xFFFF);
                bench.Its.Read(0x90);
                bench.Gic.Redistributors.Write((register & 0x2_0000) | 0x70, register, 8);
                bench.Acknowledge(0);
            },
            iter: 300);
    }

    private void Map(int processor)
    {
        _bench.MapDevice(Device);
        _bench.MapCollection(7, processor);
        _bench.MapEvent(Device, 3, Lpi, 7);
    }
}
