using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Backend.X64.Tests.Profiling;

/// <summary>Samples take one percent of a thread's time where an interrupt costs much, and are one a millisecond elsewhere.</summary>
public class TimerCostTests
{
    [Theory]
    [InlineData(0, 997_000)]
    [InlineData(2_492, 997_000)]
    [InlineData(2_493, 1_994_000)]
    [InlineData(15_000, 6_979_000)]
    [InlineData(5_000_000, 19_940_000)]
    public void TheIntervalFollowsTheCost(long cost, long interval) => Assert.Equal(interval, TimerCost.Interval(cost));
}
