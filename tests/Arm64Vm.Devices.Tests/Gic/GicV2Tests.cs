using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;

namespace Arm64Vm.Devices.Tests.Gic;

public class GicV2Tests
{
    private const ulong Acknowledge = 0x0C;
    private const ulong End = 0x10;
    private readonly TestLine _irq = new();
    private readonly TestLine _fiq = new();

    [Fact]
    public void GroupZeroIsAnIrqUnlessFiqIsEnabled()
    {
        GicV2 gic = Make(1);
        IInterruptLine line = Enable(gic, 1);
        line.Set(true);
        Assert.True(_irq.Level);
        gic.CpuInterfaces.Write(0, 1 | 8);
        Assert.False(_irq.Level);
        Assert.True(_fiq.Level);
        Assert.Equal(33u, gic.CpuInterfaces.Read(Acknowledge));
        Assert.Equal(1023u, gic.CpuInterfaces.Read(Acknowledge));
        line.Set(false);
        gic.CpuInterfaces.Write(End, 33);
        Assert.Equal(0xFFu, gic.CpuInterfaces.Read(0x14));
    }

    [Fact]
    public void GroupOneNeedsItsOwnAcknowledge()
    {
        GicV2 gic = Make(1);
        Enable(gic, 1).Set(true);
        gic.Distributor.Write(0x84, 2);
        gic.CpuInterfaces.Write(0, 3);
        Assert.Equal(1022u, gic.CpuInterfaces.Read(Acknowledge));
        Assert.Equal(33u, gic.CpuInterfaces.Read(0x20));
        gic.CpuInterfaces.Write(0x24, 33);
        Assert.Equal(33u, gic.CpuInterfaces.Read(0x20));
    }

    [Fact]
    public void PendingBitsOfSoftwareInterruptsAreReadOnly()
    {
        GicV2 gic = Make(1);
        gic.Distributor.Write(0x200, 0x0002_0001);
        Assert.Equal(0x0002_0000u, gic.Distributor.Read(0x200));
        gic.Distributor.Write(0xF00, (2u << 24) | 3);
        gic.Distributor.Write(0x280, 0xFFFF_FFFF);
        Assert.Equal(8u, gic.Distributor.Read(0x200));
        gic.Distributor.Write(0xF10, 1u << 24);
        Assert.Equal(0u, gic.Distributor.Read(0x200));
    }

    [Fact]
    public void SoftwareInterruptsKeepTheirSources()
    {
        int current = 0;
        var gic = new GicV2(2) { CurrentProcessor = () => current };
        var line = new TestLine();
        gic.Connect(1, line, new TestLine());
        gic.Distributor.Write(0, 1);
        current = 1;
        gic.CpuInterfaces.Write(0, 1);
        gic.CpuInterfaces.Write(4, 0xF0);
        gic.Distributor.Write(0x100, 0xFFFF);
        gic.Distributor.Write(0xF00, (2u << 24) | 3);
        current = 0;
        gic.Distributor.Write(0xF00, (2u << 16) | 3);
        Assert.True(line.Level);
        current = 1;
        uint first = gic.CpuInterfaces.Read(Acknowledge);
        Assert.Equal(3u, first);
        gic.CpuInterfaces.Write(End, first);
        uint second = gic.CpuInterfaces.Read(Acknowledge);
        Assert.Equal(3u | (1u << 10), second);
        gic.CpuInterfaces.Write(End, second);
        Assert.Equal(1023u, gic.CpuInterfaces.Read(Acknowledge));
    }

    [Fact]
    public void TargetsChooseTheProcessor()
    {
        var gic = new GicV2(2);
        var lines = new[] { new TestLine(), new TestLine() };
        for (int i = 0; i < 2; i++)
        {
            int processor = i;
            gic.CurrentProcessor = () => processor;
            gic.Connect(i, lines[i], new TestLine());
            gic.CpuInterfaces.Write(0, 1);
            gic.CpuInterfaces.Write(4, 0xF0);
        }

        gic.Distributor.Write(0, 1);
        Enable(gic, 5).Set(true);
        Assert.Equal((false, false), (lines[0].Level, lines[1].Level));
        gic.Distributor.Write(0x800 + 37, 2, 1);
        Assert.Equal((false, true), (lines[0].Level, lines[1].Level));
    }

    [Fact]
    public void IdentifiesItselfAsArchitectureTwo()
    {
        GicV2 gic = Make(1);
        Assert.Equal(0x2Bu, gic.Distributor.Read(0xFE8));
        Assert.Equal(8u, gic.Distributor.Read(4));
        Assert.Equal(0u, gic.Distributor.Read(0x820));
        Assert.Equal(0x0002_043Bu, gic.CpuInterfaces.Read(0xFC));
    }

    [Fact]
    public void RestoredControllerGoesOnInTheMiddleOfAnInterrupt()
    {
        GicV2 gic = Make(1);
        Enable(gic, 1).Set(true);
        gic.CpuInterfaces.Write(0, 1 | (1 << 9));
        Assert.Equal(33u, gic.CpuInterfaces.Read(Acknowledge));
        GicV2State state = gic.Save();
        var other = new GicV2(1);
        other.Connect(0, _irq, _fiq);
        other.Restore(state);
        Assert.Equal(0xA0u, other.CpuInterfaces.Read(0x14));
        other.CpuInterfaces.Write(End, 33);
        Assert.False(_irq.Level);
        other.CpuInterfaces.Write(0x1000, 33);
        Assert.True(_irq.Level);
    }

    private GicV2 Make(int processors)
    {
        var gic = new GicV2(processors);
        gic.Connect(0, _irq, _fiq);
        gic.Distributor.Write(0, 3);
        gic.CpuInterfaces.Write(0, 1);
        gic.CpuInterfaces.Write(4, 0xF0);
        return gic;
    }

    private static IInterruptLine Enable(GicV2 gic, int number)
    {
        gic.Distributor.Write(0x400 + 32 + (ulong)number, 0xA0, 1);
        gic.Distributor.Write(0x100 + (ulong)((number + 32) / 32 * 4), 1u << (number & 31));
        return gic.SharedLine(number);
    }
}
