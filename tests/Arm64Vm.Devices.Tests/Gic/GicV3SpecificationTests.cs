using Arm64Vm.Cpu;
using Arm64Vm.Devices.Gic;

namespace Arm64Vm.Devices.Tests.Gic;

/// <summary>Tables and rules of the GIC architecture (IHI 0069), one by one.</summary>
public class GicV3SpecificationTests
{
    private const ulong PrivateFrame = 0x1_0000;
    private const int Spurious = 1023;
    private static readonly SystemRegister s_pmr = new(3, 0, 4, 6, 0);
    private static readonly SystemRegister s_iar0 = new(3, 0, 12, 8, 0);
    private static readonly SystemRegister s_eoir0 = new(3, 0, 12, 8, 1);
    private static readonly SystemRegister s_bpr0 = new(3, 0, 12, 8, 3);
    private static readonly SystemRegister s_ap0r0 = new(3, 0, 12, 8, 4);
    private static readonly SystemRegister s_ap1r0 = new(3, 0, 12, 9, 0);
    private static readonly SystemRegister s_dir = new(3, 0, 12, 11, 1);
    private static readonly SystemRegister s_rpr = new(3, 0, 12, 11, 3);
    private static readonly SystemRegister s_sgi1r = new(3, 0, 12, 11, 5);
    private static readonly SystemRegister s_iar1 = new(3, 0, 12, 12, 0);
    private static readonly SystemRegister s_eoir1 = new(3, 0, 12, 12, 1);
    private static readonly SystemRegister s_hppir1 = new(3, 0, 12, 12, 2);
    private static readonly SystemRegister s_bpr1 = new(3, 0, 12, 12, 3);
    private static readonly SystemRegister s_ctlr = new(3, 0, 12, 12, 4);
    private static readonly SystemRegister s_igrpen0 = new(3, 0, 12, 12, 6);
    private static readonly SystemRegister s_igrpen1 = new(3, 0, 12, 12, 7);

    private readonly TestLine _irq = new();
    private readonly TestLine _fiq = new();
    private readonly GicV3 _gic = new([0]);

    public GicV3SpecificationTests()
    {
        _gic.Connect(0, _irq, _fiq);
        _gic.Distributor.Write(0, 0x13);
        _gic.Redistributors.Write(0x14, 0);
        Write(s_pmr, 0xF8);
        Write(s_igrpen0, 1);
        Write(s_igrpen1, 1);
    }

    /// <summary>4.8.2: the group priority is bits 7:(n+1) for ICC_BPR0 = n, and 7:n for ICC_BPR1 = n; smaller than the minimum acts as the minimum.</summary>
    public static TheoryData<bool, int> BinaryPoints()
    {
        var all = new TheoryData<bool, int>();
        for (var point = 0; point < 8; point++)
        {
            all.Add(false, point);
            all.Add(true, point);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(BinaryPoints))]
    public void TheBinaryPointDecidesWhatPreempts(bool group1, int point)
    {
        Write(group1 ? s_bpr1 : s_bpr0, (ulong)point);
        var effective = Math.Max(point, group1 ? 3 : 2);
        Assert.Equal(effective, Read(group1 ? s_bpr1 : s_bpr0));
        var lowest = group1 ? effective : effective + 1;
        var mask = 0xFF << lowest & 0xFF;

        for (var running = 0; running < 0xF8; running += 8)
        {
            for (var other = 0; other < 0xF8; other += 8)
            {
                var first = Enable(1, (byte)running, group1);
                var second = Enable(2, (byte)other, group1);
                first.Set(true);
                Assert.Equal(33, Read(group1 ? s_iar1 : s_iar0));
                Assert.Equal(running & mask, Read(s_rpr));
                second.Set(true);
                Assert.Equal((other & mask) < (running & mask), group1 ? _irq.Level : _fiq.Level);
                first.Set(false);
                second.Set(false);
                Write(group1 ? s_eoir1 : s_eoir0, 33);
                Assert.Equal(0xFF, Read(s_rpr));
            }
        }
    }

    [Fact]
    public void TheCommonBinaryPointIsThatOfGroup0()
    {
        Write(s_bpr0, 4);
        Write(s_bpr1, 6);
        Write(s_ctlr, 1);
        Assert.Equal(5, Read(s_bpr1));
        Write(s_bpr1, 7);
        Assert.Equal(4, Read(s_bpr0));
        Enable(1, 0x48, group1: true).Set(true);
        Assert.Equal(33, Read(s_iar1));
        Assert.Equal(0x40, Read(s_rpr));
        Write(s_ctlr, 0);
        Assert.Equal(6, Read(s_bpr1));
    }

    [Fact]
    public void OfEqualPrioritiesTheLowestNumberComesFirst()
    {
        foreach (var number in (ReadOnlySpan<int>)[200, 7, 90])
            Enable(number, 0x80, group1: true).Set(true);
        foreach (var number in (ReadOnlySpan<int>)[7, 90, 200])
        {
            Assert.Equal(32 + number, Read(s_hppir1));
            Assert.Equal(32 + number, Read(s_iar1));
            _gic.SharedLine(number).Set(false);
            Write(s_eoir1, (ulong)(32 + number));
        }
    }

    [Fact]
    public void GroupsAreAcknowledgedApart()
    {
        Enable(1, 0x80, group1: false).Set(true);
        Assert.True(_fiq.Level);
        Assert.False(_irq.Level);
        Assert.Equal(Spurious, Read(s_iar1));
        Assert.Equal(Spurious, Read(s_hppir1));
        Enable(2, 0x40, group1: true).Set(true);
        Assert.Equal(Spurious, Read(s_iar0));
        Assert.Equal(34, Read(s_iar1));
        Assert.Equal((0u, 1u << (0x40 >> 3)), ((uint)Read(s_ap0r0), (uint)Read(s_ap1r0)));
        _gic.SharedLine(2).Set(false);
        Write(s_eoir1, 34);
        Assert.Equal(33, Read(s_iar0));
        Assert.Equal(1u << (0x80 >> 3), (uint)Read(s_ap0r0));
        Write(s_eoir0, 33);
        Assert.Equal(0xFF, Read(s_rpr));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AGroupIsSwitchedOffAtEitherEnd(bool atTheDistributor)
    {
        Enable(1, 0x80, group1: true).Set(true);
        Assert.True(_irq.Level);
        SetGroup1(false);
        Assert.False(_irq.Level);
        Assert.Equal(Spurious, Read(s_iar1));
        SetGroup1(true);
        Assert.True(_irq.Level);

        void SetGroup1(bool on)
        {
            if (atTheDistributor)
                _gic.Distributor.Write(0, on ? 0x13u : 0x11u);
            else
                Write(s_igrpen1, on ? 1u : 0u);
        }
    }

    /// <summary>4.1.2: inactive, pending, active, active and pending; 12.9.5 and following: software changes each part by itself.</summary>
    [Fact]
    public void SoftwareReadsAndWritesTheState()
    {
        Enable(1, 0x80, group1: true);
        _gic.Distributor.Write(0x204, 2);
        Assert.Equal((2u, 2u, 0u), State());
        Assert.True(_irq.Level);
        _gic.Distributor.Write(0x304, 2);
        Assert.Equal((2u, 2u, 2u), State());
        Assert.False(_irq.Level);
        _gic.Distributor.Write(0x384, 2);
        Assert.True(_irq.Level);
        _gic.Distributor.Write(0x284, 2);
        Assert.Equal((0u, 0u, 0u), State());
        Assert.False(_irq.Level);

        // An input that is high cannot be made not pending, and being pending by software ends with the acknowledgement.
        _gic.SharedLine(1).Set(true);
        _gic.Distributor.Write(0x284, 2);
        Assert.Equal((2u, 2u, 0u), State());
        _gic.Distributor.Write(0x204, 2);
        _gic.SharedLine(1).Set(false);
        Assert.Equal((2u, 2u, 0u), State());
        Assert.Equal(33, Read(s_iar1));
        Assert.Equal((0u, 0u, 2u), State());
        Write(s_eoir1, 33);
        Assert.Equal((0u, 0u, 0u), State());

        (uint, uint, uint) State() => (_gic.Distributor.Read(0x204), _gic.Distributor.Read(0x284), _gic.Distributor.Read(0x304));
    }

    [Fact]
    public void AnEdgeThatComesWhileActiveIsNotLost()
    {
        var line = Enable(16, 0x80, group1: true);
        _gic.Distributor.Write(0xC0C, 2);
        Pulse();
        Assert.Equal(48, Read(s_iar1));
        Pulse();
        Pulse();
        Assert.False(_irq.Level);
        Write(s_eoir1, 48);
        Assert.Equal(48, Read(s_iar1));
        Write(s_eoir1, 48);
        Assert.False(_irq.Level);

        void Pulse()
        {
            line.Set(true);
            line.Set(false);
        }
    }

    /// <summary>4.4.2: with EOImode 0 ICC_DIR has no effect; with EOImode 1 priority drop and deactivation are apart, in any order of interrupts.</summary>
    [Fact]
    public void DeactivationIsApartOnlyInModeOne()
    {
        Enable(1, 0x80, group1: true).Set(true);
        Assert.Equal(33, Read(s_iar1));
        Write(s_dir, 33);
        Assert.Equal(2u, _gic.Distributor.Read(0x304));
        Write(s_eoir1, 33);
        Assert.Equal(0u, _gic.Distributor.Read(0x304));

        Write(s_ctlr, 2);
        Assert.Equal(33, Read(s_iar1));
        Write(s_eoir1, 33);
        Enable(2, 0x80, group1: true).Set(true);
        Assert.Equal(34, Read(s_iar1));
        Write(s_eoir1, 34);
        Assert.Equal(6u, _gic.Distributor.Read(0x304));
        _gic.SharedLine(1).Set(false);
        Write(s_dir, 33);
        Assert.Equal(4u, _gic.Distributor.Read(0x304));
    }

    [Theory]
    [InlineData(1020)]
    [InlineData(1023)]
    [InlineData(0xFF_FFFF)]
    public void SpecialNumbersEndNothing(int id)
    {
        Enable(1, 0x80, group1: true).Set(true);
        Assert.Equal(33, Read(s_iar1));
        Write(s_eoir1, (ulong)id);
        Write(s_dir, (ulong)id);
        Assert.Equal(0x80, Read(s_rpr));
        Assert.Equal(2u, _gic.Distributor.Read(0x304));
    }

    /// <summary>12.9.26: with affinity routing the private interrupts are the redistributor's alone.</summary>
    [Theory]
    [InlineData(0x80)]
    [InlineData(0x100)]
    [InlineData(0x200)]
    [InlineData(0x300)]
    [InlineData(0x400)]
    [InlineData(0xC00)]
    public void PrivateInterruptsAreNotInTheDistributor(ulong offset)
    {
        _gic.Distributor.Write(offset, 0xFFFF_FFF8);
        Assert.Equal(0u, _gic.Distributor.Read(offset));
        Assert.Equal(offset == 0xC00 ? 0xAAAA_AAAAu : 0u, _gic.Redistributors.Read(PrivateFrame + offset));
    }

    [Fact]
    public void PrioritiesHaveFiveBitsAndAreBytes()
    {
        _gic.Distributor.Write(0x420, 0xFF_7F_A5_07);
        Assert.Equal(0xF8_78_A0_00u, _gic.Distributor.Read(0x420));
        _gic.Distributor.Write(0x422, 0x11, 1);
        Assert.Equal(0x10u, _gic.Distributor.Read(0x422, 1));
        Assert.Equal(0xF8_10_A0_00u, _gic.Distributor.Read(0x420));
        Write(s_pmr, 0xFF);
        Assert.Equal(0xF8, Read(s_pmr));
    }

    [Fact]
    public void SoftwareInterruptsStayEdgeTriggered()
    {
        _gic.Redistributors.Write(PrivateFrame + 0xC00, 0);
        Assert.Equal(0xAAAA_AAAAu, _gic.Redistributors.Read(PrivateFrame + 0xC00));
        _gic.Redistributors.Write(PrivateFrame + 0xC04, 0xFFFF_FFFF);
        Assert.Equal(0xAAAA_AAAAu, _gic.Redistributors.Read(PrivateFrame + 0xC04));
        _gic.Redistributors.Write(PrivateFrame + 0x80, 0xFFFF);
        _gic.Redistributors.Write(PrivateFrame + 0x100, 1 << 5);
        Write(s_sgi1r, (5ul << 24) | 1);
        Assert.Equal(1u << 5, _gic.Redistributors.Read(PrivateFrame + 0x200));
        Assert.Equal(5, Read(s_iar1));
        Write(s_eoir1, 5);
        Assert.Equal(0u, _gic.Redistributors.Read(PrivateFrame + 0x200));
    }

    [Fact]
    public void TheRedistributorWakesWithItsProcessor()
    {
        _gic.Redistributors.Write(0x14, 2);
        Assert.Equal(6u, _gic.Redistributors.Read(0x14));
        _gic.Redistributors.Write(0x14, 0);
        Assert.Equal(0u, _gic.Redistributors.Read(0x14));
    }

    private IInterruptLine Enable(int number, byte priority, bool group1)
    {
        var word = (ulong)((number + 32) / 32 * 4);
        var bit = 1u << (number & 31);
        var groups = _gic.Distributor.Read(0x80 + word);
        _gic.Distributor.Write(0x80 + word, group1 ? groups | bit : groups & ~bit);
        _gic.Distributor.Write(0x400 + 32 + (ulong)number, priority, 1);
        _gic.Distributor.Write(0x100 + word, bit);
        return _gic.SharedLine(number);
    }

    private int Read(SystemRegister register)
    {
        Assert.True(_gic.TryReadRegister(0, 1, register, out var value));
        return (int)value;
    }

    private void Write(SystemRegister register, ulong value) => Assert.True(_gic.TryWriteRegister(0, 1, register, value));
}
