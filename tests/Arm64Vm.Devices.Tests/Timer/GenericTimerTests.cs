using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Timer;

namespace Arm64Vm.Devices.Tests.Timer;

public class GenericTimerTests
{
    private const ulong Named = 62_500_000;
    private static readonly SystemRegister s_frequency = new(3, 3, 14, 0, 0);
    private static readonly SystemRegister s_count = new(3, 3, 14, 0, 2);
    private static readonly SystemRegister s_physicalValue = new(3, 3, 14, 2, 0);
    private static readonly SystemRegister s_physicalControl = new(3, 3, 14, 2, 1);
    private static readonly SystemRegister s_virtualValue = new(3, 3, 14, 3, 0);
    private static readonly SystemRegister s_virtualControl = new(3, 3, 14, 3, 1);
    private static readonly SystemRegister s_virtualCompare = new(3, 3, 14, 3, 2);

    private readonly ManualClock _clock = new();
    private readonly TestLine _physical = new();
    private readonly TestLine _virtual = new();

    [Fact]
    public void CounterRunsAtItsFrequency()
    {
        using GenericTimer timer = Make(Named);
        _clock.Advance(1_000_000_000);
        Assert.Equal(Named, Read(timer, s_count));
        Assert.Equal(Named, Read(timer, s_frequency));
    }

    [Theory]
    [InlineData(Named)]
    [InlineData(1_000_000_000UL)]
    public void FiresExactlyWhenTheCountReachesCompare(ulong frequency)
    {
        using GenericTimer timer = Make(frequency);
        _clock.Advance(12345);
        Write(timer, s_virtualCompare, 100_000);
        Write(timer, s_virtualControl, 1);
        ulong deadline = ((100_000 * 1_000_000_000UL) + frequency - 1) / frequency;
        _clock.Advance(deadline - 12345 - 1);
        Assert.False(_virtual.Level);
        Assert.Equal(1UL, Read(timer, s_virtualControl));
        _clock.Advance(1);
        Assert.True(_virtual.Level);
        Assert.Equal(5UL, Read(timer, s_virtualControl));
        Assert.False(_physical.Level);
    }

    [Fact]
    public void TimerValueIsSignedAndCountsDown()
    {
        using GenericTimer timer = Make(1_000_000_000);
        _clock.Advance(1000);
        Write(timer, s_physicalValue, 500);
        Write(timer, s_physicalControl, 1);
        _clock.Advance(499);
        Assert.Equal(1UL, Read(timer, s_physicalValue));
        Assert.False(_physical.Level);
        _clock.Advance(3);
        Assert.Equal(0xFFFF_FFFEUL, Read(timer, s_physicalValue));
        Assert.True(_physical.Level);
        Write(timer, s_physicalValue, 0xFFFF_FFFF);
        Assert.True(_physical.Level);
        Write(timer, s_physicalValue, 10);
        Assert.False(_physical.Level);
    }

    [Fact]
    public void MaskHidesTheInterruptButNotTheStatus()
    {
        using GenericTimer timer = Make(Named);
        Write(timer, s_virtualControl, 3);
        Assert.Equal(7UL, Read(timer, s_virtualControl));
        Assert.False(_virtual.Level);
        Write(timer, s_virtualControl, 1);
        Assert.True(_virtual.Level);
        Write(timer, s_virtualControl, 0);
        Assert.False(_virtual.Level);
        Assert.Equal(0UL, Read(timer, s_virtualControl));
    }

    [Fact]
    public void CompareBeyondTheClockNeverFires()
    {
        using GenericTimer timer = Make(Named);
        Write(timer, s_virtualCompare, ulong.MaxValue);
        Write(timer, s_virtualControl, 1);
        Assert.Null(_clock.NextDeadline);
        _clock.Advance(1_000_000_000_000);
        Assert.False(_virtual.Level);
    }

    [Fact]
    public void RestoredTimerStillFires()
    {
        using GenericTimer timer = Make(Named);
        Write(timer, s_virtualValue, 1000);
        Write(timer, s_virtualControl, 1);
        _clock.Advance(1000);
        GenericTimerState state = timer.Save();
        timer.Dispose();

        var line = new TestLine();
        using var other = new GenericTimer(_clock, Named, [(new TestLine(), line)]);
        other.Restore(state);
        _clock.Advance(14_999);
        Assert.False(line.Level);
        _clock.Advance(1);
        Assert.True(line.Level);
    }

    private GenericTimer Make(ulong frequency) => new(_clock, frequency, [(_physical, _virtual)]);

    private static ulong Read(GenericTimer timer, SystemRegister register)
    {
        Assert.True(timer.Owns(register));
        Assert.True(timer.TryReadRegister(0, 1, register, out ulong value));
        return value;
    }

    private static void Write(GenericTimer timer, SystemRegister register, ulong value) =>
        Assert.True(timer.TryWriteRegister(0, 1, register, value));
}
