using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Watchdog;

namespace Arm64Vm.Devices.Tests.Watchdog;

public sealed class SbsaWatchdogTests
{
    private const ulong Status = 0;
    private const ulong Offset = 8;
    private const ulong OffsetHigh = 12;
    private const ulong Compare = 16;
    private const ulong CountNanoseconds = 16;
    private readonly ManualClock _clock = new();
    private readonly TestLine _line = new();
    private SbsaWatchdog _watchdog;
    private int _resets;

    public SbsaWatchdogTests() => _watchdog = Make();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheInterruptComesFirstAndThenTheReset(bool restore)
    {
        _watchdog.Control.Write(Offset, 1000);
        _watchdog.Control.Write(Status, 1);
        _clock.Advance(1000 * CountNanoseconds);
        Reload(restore);
        Assert.False(_line.Level);
        _clock.Advance(CountNanoseconds);
        Assert.True(_line.Level);
        Assert.Equal(3u, _watchdog.Control.Read(Status));
        Assert.Equal(0, _resets);
        Reload(restore);
        Assert.True(_line.Level);
        _clock.Advance(1000 * CountNanoseconds);
        Assert.Equal(0, _resets);
        _clock.Advance(CountNanoseconds);
        Assert.Equal(1, _resets);
        Assert.Equal(7u, _watchdog.Control.Read(Status));
        _clock.Advance(100_000 * CountNanoseconds);
        Assert.Equal(1, _resets);
    }

    /// <summary>By the refresh frame, and by writes of the status and the offset.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void RefreshesStartTheTimeAnew(int how)
    {
        _watchdog.Control.Write(Offset, 1000);
        _watchdog.Control.Write(Status, 1);
        for (var round = 0; round < 5; round++)
        {
            // Every second time with the first signal given.
            _clock.Advance((round % 2 == 0 ? 900u : 1500u) * CountNanoseconds);
            Assert.Equal(round % 2 != 0, _line.Level);
            switch (how)
            {
                case 0: _watchdog.Refresh.Write(0, 1); break;
                case 1: _watchdog.Control.Write(Status, 1); break;
                default: _watchdog.Control.Write(Offset, 1000); break;
            }

            Assert.False(_line.Level);
            Assert.Equal(1u, _watchdog.Control.Read(Status));
        }

        Assert.Equal(0, _resets);
    }

    [Fact]
    public void ADisabledWatchdogDoesNothing()
    {
        _watchdog.Control.Write(Offset, 10);
        _clock.Advance(1_000_000);
        _watchdog.Control.Write(Status, 1);
        _watchdog.Control.Write(Status, 0);
        _clock.Advance(1_000_000);
        Assert.Equal((0u, 0, false), (_watchdog.Control.Read(Status), _resets, _line.Level));
    }

    [Fact]
    public void TheCompareValueCanBeSetAndTheOffsetHas48Bits()
    {
        _watchdog.Control.Write(OffsetHigh, 0xFFFF_FFFF);
        Assert.Equal(0xFFFFu, _watchdog.Control.Read(OffsetHigh));
        _watchdog.Control.Write(Status, 1);
        Assert.NotEqual(0u, _watchdog.Control.Read(Compare + 4));
        _watchdog.Control.Write(Compare + 4, 0);
        _watchdog.Control.Write(Compare, 50);
        _clock.Advance(51 * CountNanoseconds);
        Assert.True(_line.Level);
    }

    [Fact]
    public void BothFramesSayWhatTheyAre()
    {
        Assert.Equal(0x1_043Bu, _watchdog.Control.Read(0xFCC));
        Assert.Equal(0x1_043Bu, _watchdog.Refresh.Read(0xFCC));
        Assert.Equal(0u, _watchdog.Refresh.Read(0));
        Assert.False(_watchdog.Refresh.TryRead(SbsaWatchdog.FrameLength, 4, out _));
    }

    /// <summary>Offset 0 times out at once, twice: no endless round.</summary>
    [Fact]
    public void NoTimeAtAllResets()
    {
        _watchdog.Control.Write(Status, 1);
        _clock.Advance(10 * CountNanoseconds);
        Assert.Equal(1, _resets);
    }

    [Fact]
    public void NothingComesAfterTheEnd()
    {
        _watchdog.Control.Write(Offset, 10);
        _watchdog.Control.Write(Status, 1);
        _watchdog.Dispose();
        _clock.Advance(1_000_000);
        Assert.Equal((0, false), (_resets, _line.Level));
    }

    private SbsaWatchdog Make() => new(_clock, 62_500_000, _line, () => _resets++);

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _watchdog.Save();
        _watchdog.Dispose();
        _watchdog = Make();
        _watchdog.Restore(state);
    }
}
