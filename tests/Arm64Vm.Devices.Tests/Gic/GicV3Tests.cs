using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;

namespace Arm64Vm.Devices.Tests.Gic;

public class GicV3Tests
{
    private const ulong PrivateFrame = 0x1_0000;
    private const int Spurious = 1023;
    private static readonly SystemRegister s_pmr = new(3, 0, 4, 6, 0);
    private static readonly SystemRegister s_iar0 = new(3, 0, 12, 8, 0);
    private static readonly SystemRegister s_iar1 = new(3, 0, 12, 12, 0);
    private static readonly SystemRegister s_eoir1 = new(3, 0, 12, 12, 1);
    private static readonly SystemRegister s_hppir1 = new(3, 0, 12, 12, 2);
    private static readonly SystemRegister s_bpr1 = new(3, 0, 12, 12, 3);
    private static readonly SystemRegister s_ctlr = new(3, 0, 12, 12, 4);
    private static readonly SystemRegister s_igrpen0 = new(3, 0, 12, 12, 6);
    private static readonly SystemRegister s_igrpen1 = new(3, 0, 12, 12, 7);
    private static readonly SystemRegister s_dir = new(3, 0, 12, 11, 1);
    private static readonly SystemRegister s_rpr = new(3, 0, 12, 11, 3);
    private static readonly SystemRegister s_sgi1r = new(3, 0, 12, 11, 5);

    private readonly TestLine _irq = new();
    private readonly TestLine _fiq = new();

    [Fact]
    public void LevelInterruptGoesThroughItsWholeLife()
    {
        GicV3 gic = Make();
        IInterruptLine line = Enable(gic, 1, 0xA0);
        line.Set(true);
        Assert.True(_irq.Level);
        Assert.Equal(33, Read(gic, s_iar1));
        Assert.False(_irq.Level);
        Assert.Equal(0xA0, Read(gic, s_rpr));
        Write(gic, s_eoir1, 33);

        // Still high: pending again at once.
        Assert.True(_irq.Level);
        Assert.Equal(33, Read(gic, s_iar1));
        line.Set(false);
        Write(gic, s_eoir1, 33);
        Assert.False(_irq.Level);
        Assert.Equal(Spurious, Read(gic, s_iar1));
        Assert.Equal(0xFF, Read(gic, s_rpr));
    }

    [Fact]
    public void EdgeInterruptLatchesOnce()
    {
        GicV3 gic = Make();
        IInterruptLine line = Enable(gic, 16, 0xA0);
        gic.Distributor.Write(0xC00 + 12, 2);
        line.Set(true);
        line.Set(false);
        Assert.Equal(48, Read(gic, s_iar1));
        line.Set(true);
        line.Set(false);
        line.Set(true);
        Write(gic, s_eoir1, 48);
        Assert.Equal(48, Read(gic, s_iar1));
        Write(gic, s_eoir1, 48);
        Assert.Equal(Spurious, Read(gic, s_iar1));
    }

    [Fact]
    public void HigherPriorityPreemptsAndRunningPriorityUnwinds()
    {
        GicV3 gic = Make();
        Enable(gic, 1, 0xA0).Set(true);
        IInterruptLine high = Enable(gic, 2, 0x40);
        IInterruptLine equal = Enable(gic, 3, 0xA0);
        Assert.Equal(33, Read(gic, s_iar1));
        equal.Set(true);
        Assert.False(_irq.Level);
        Assert.Equal(35, Read(gic, s_hppir1));
        high.Set(true);
        Assert.True(_irq.Level);
        Assert.Equal(34, Read(gic, s_iar1));
        Assert.Equal(0x40, Read(gic, s_rpr));
        high.Set(false);
        Write(gic, s_eoir1, 34);
        Assert.Equal(0xA0, Read(gic, s_rpr));
        Assert.False(_irq.Level);
        Write(gic, s_eoir1, 33);
        Assert.True(_irq.Level);
    }

    [Fact]
    public void BinaryPointWidensTheGroupOfEqualPriorities()
    {
        GicV3 gic = Make();
        Write(gic, s_bpr1, 7);
        Enable(gic, 1, 0xA0).Set(true);
        Assert.Equal(33, Read(gic, s_iar1));
        Enable(gic, 2, 0x90).Set(true);
        Assert.False(_irq.Level);
        Enable(gic, 3, 0x70).Set(true);
        Assert.True(_irq.Level);
    }

    [Fact]
    public void PriorityMaskHidesWhatIsNotHigher()
    {
        GicV3 gic = Make();
        IInterruptLine line = Enable(gic, 1, 0xA0);
        Write(gic, s_pmr, 0xA0);
        line.Set(true);
        Assert.False(_irq.Level);
        Assert.Equal(Spurious, Read(gic, s_iar1));
        Write(gic, s_pmr, 0xA8);
        Assert.True(_irq.Level);
    }

    [Fact]
    public void SplitEndDropsPriorityFirst()
    {
        GicV3 gic = Make();
        Write(gic, s_ctlr, 2);
        IInterruptLine line = Enable(gic, 1, 0xA0);
        line.Set(true);
        Assert.Equal(33, Read(gic, s_iar1));
        Write(gic, s_eoir1, 33);
        Assert.Equal(0xFF, Read(gic, s_rpr));
        Assert.False(_irq.Level);
        Write(gic, s_dir, 33);
        Assert.True(_irq.Level);
    }

    [Fact]
    public void GroupZeroDrivesFiq()
    {
        GicV3 gic = Make();
        Write(gic, s_igrpen0, 1);
        IInterruptLine line = Enable(gic, 1, 0xA0);
        gic.Distributor.Write(0x84, ~2u);
        line.Set(true);
        Assert.True(_fiq.Level);
        Assert.False(_irq.Level);
        Assert.Equal(Spurious, Read(gic, s_iar1));
        Assert.Equal(33, Read(gic, s_iar0));
    }

    [Fact]
    public void SoftwareInterruptGoesToTheListedProcessors()
    {
        var gic = new GicV3([0, 1, 0x100]);
        var lines = new TestLine[3];
        for (int i = 0; i < 3; i++)
        {
            lines[i] = new TestLine();
            gic.Connect(i, lines[i], new TestLine());
            gic.Redistributors.Write((ulong)i * 0x2_0000 + PrivateFrame + 0x80, uint.MaxValue);
            gic.Redistributors.Write((ulong)i * 0x2_0000 + PrivateFrame + 0x100, 0xFFFF);
            Assert.True(gic.TryWriteRegister(i, 1, s_pmr, 0xF0));
            Assert.True(gic.TryWriteRegister(i, 1, s_igrpen1, 1));
        }

        gic.Distributor.Write(0, 0x12);
        Assert.True(gic.TryWriteRegister(0, 1, s_sgi1r, (5UL << 24) | 2));
        Assert.Equal((false, true, false), (lines[0].Level, lines[1].Level, lines[2].Level));
        Assert.True(gic.TryWriteRegister(0, 1, s_sgi1r, (6UL << 24) | (1UL << 16) | 1));
        Assert.True(lines[2].Level);
        Assert.True(gic.TryWriteRegister(1, 1, s_sgi1r, (7UL << 24) | (1UL << 40)));
        Assert.True(lines[0].Level);
        Assert.True(gic.TryReadRegister(1, 1, s_iar1, out ulong id));
        Assert.Equal(5UL, id);
    }

    [Fact]
    public void RoutesChooseTheProcessor()
    {
        var gic = new GicV3([0, 1]);
        var lines = new[] { new TestLine(), new TestLine() };
        for (int i = 0; i < 2; i++)
        {
            gic.Connect(i, lines[i], new TestLine());
            Assert.True(gic.TryWriteRegister(i, 1, s_pmr, 0xF0));
            Assert.True(gic.TryWriteRegister(i, 1, s_igrpen1, 1));
        }

        gic.Distributor.Write(0, 0x12);
        Enable(gic, 4, 0xA0).Set(true);
        Assert.True(lines[0].Level);
        gic.Distributor.Write(0x6000 + 36 * 8, 1, 8);
        Assert.Equal((false, true), (lines[0].Level, lines[1].Level));
        Assert.Equal(1UL, gic.Distributor.ReadWide(0x6000 + 36 * 8, 8));
    }

    [Fact]
    public void IdentifiesItselfAsArchitectureThree()
    {
        var gic = new GicV3([0]);
        Assert.Equal(0x3Bu, gic.Distributor.Read(0xFFE8));
        Assert.Equal(0x3Bu, gic.Redistributors.Read(0xFFE8));
        Assert.Equal(8u, gic.Distributor.Read(4) & 31);
        Assert.Equal(0x43Bu, gic.Distributor.Read(8));
        Assert.Equal(0x50u, gic.Distributor.Read(0) & 0x50);
        Assert.Equal(1u << 4, gic.Redistributors.Read(8));
        Assert.Equal(6u, gic.Redistributors.Read(0x14));
        gic.Redistributors.Write(0x14, 0);
        Assert.Equal(0u, gic.Redistributors.Read(0x14));
        Assert.False(gic.TryReadRegister(0, 0, s_iar1, out _));
        Assert.False(gic.Redistributors.TryRead(0x2_0000, 4, out _));
    }

    [Fact]
    public void RestoredControllerGoesOnInTheMiddleOfAnInterrupt()
    {
        GicV3 gic = Make();
        Enable(gic, 1, 0xA0).Set(true);
        Enable(gic, 2, 0x40);
        Assert.Equal(33, Read(gic, s_iar1));
        GicV3State state = gic.Save();

        var other = new GicV3([0]);
        other.Connect(0, _irq, _fiq);
        other.Restore(state);
        Assert.Equal(0xA0, Read(other, s_rpr));
        Assert.False(_irq.Level);
        other.SharedLine(2).Set(true);
        Assert.Equal(34, Read(other, s_iar1));
        Write(other, s_eoir1, 34);
        other.SharedLine(2).Set(false);
        other.SharedLine(1).Set(false);
        Write(other, s_eoir1, 33);
        Assert.Equal(0xFF, Read(other, s_rpr));
        Assert.False(_irq.Level);
    }

    private GicV3 Make()
    {
        var gic = new GicV3([0]);
        gic.Connect(0, _irq, _fiq);
        gic.Distributor.Write(0, 0x13);
        gic.Redistributors.Write(0x14, 0);
        Write(gic, s_pmr, 0xF0);
        Write(gic, s_igrpen1, 1);
        return gic;
    }

    /// <summary>Enables a shared interrupt in Group 1 and returns its input.</summary>
    private static IInterruptLine Enable(GicV3 gic, int number, byte priority)
    {
        ulong word = (ulong)((number + 32) / 32 * 4);
        uint bit = 1u << (number & 31);
        gic.Distributor.Write(0x80 + word, gic.Distributor.Read(0x80 + word) | bit);
        gic.Distributor.Write(0x400 + 32 + (ulong)number, priority, 1);
        gic.Distributor.Write(0x100 + word, bit);
        return gic.SharedLine(number);
    }

    private static int Read(GicV3 gic, SystemRegister register)
    {
        Assert.True(gic.TryReadRegister(0, 1, register, out ulong value));
        return (int)value;
    }

    private static void Write(GicV3 gic, SystemRegister register, ulong value) =>
        Assert.True(gic.TryWriteRegister(0, 1, register, value));
}
