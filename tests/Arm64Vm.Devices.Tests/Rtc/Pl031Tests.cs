using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Rtc;

namespace Arm64Vm.Devices.Tests.Rtc;

public sealed class Pl031Tests
{
    private const ulong Second = 1_000_000_000;
    private readonly ManualClock _clock = new(1_700_000_000);
    private readonly TestLine _line = new();
    private Pl031 _rtc;

    public Pl031Tests() => _rtc = new Pl031(_line, _clock);

    [Fact]
    public void CountsSecondsOfTheWallClock()
    {
        Assert.Equal(1_700_000_000u, _rtc.Read(0));
        _clock.Advance(90 * Second);
        Assert.Equal(1_700_000_090u, _rtc.Read(0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LoadSetsTheTime(bool restore)
    {
        _rtc.Write(8, 5000);
        Reload(restore);
        _clock.Advance(2 * Second);
        Assert.Equal(5002u, _rtc.Read(0));
        Assert.Equal(5000u, _rtc.Read(8));
    }

    [Theory]
    [InlineData(false, 3ul)]
    [InlineData(true, 3ul)]
    [InlineData(false, 3600ul)]
    [InlineData(true, 3600ul)]
    public void AlarmComesAtTheMatch(bool restore, ulong seconds)
    {
        _rtc.Write(0x10, 1);
        _rtc.Write(4, 1_700_000_000 + seconds);
        _clock.Advance(Second);
        Reload(restore);
        _clock.Advance((seconds - 2) * Second);
        Assert.False(_line.Level);
        _clock.Advance(Second);
        Assert.True(_line.Level);
        Assert.Equal(1u, _rtc.Read(0x18));
        _rtc.Write(0x1C, 1);
        Assert.False(_line.Level);
        _clock.Advance(10_000 * Second);
        Assert.False(_line.Level);
    }

    [Fact]
    public void MaskHidesTheAlarm()
    {
        _rtc.Write(4, 1_700_000_001);
        _clock.Advance(Second);
        Assert.False(_line.Level);
        Assert.Equal((1u, 0u), (_rtc.Read(0x14), _rtc.Read(0x18)));
        _rtc.Write(0x10, 1);
        Assert.True(_line.Level);
    }

    [Fact]
    public void MatchInThePastWaitsForTheCounterToWrap()
    {
        _rtc.Write(0x10, 1);
        _rtc.Write(4, 1_699_999_999);
        _clock.Advance(86_400 * Second);
        Assert.False(_line.Level);
    }

    [Fact]
    public void NothingPollsWithoutAnAlarm()
    {
        _rtc.Read(0);
        _rtc.Write(0x10, 1);
        Assert.Null(_clock.NextDeadline);
    }

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _rtc.Save();
        _rtc.Dispose();
        _rtc = new Pl031(_line, _clock);
        _rtc.Restore(state);
    }
}
