using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Backend.X64.Tests.Profiling;

/// <summary>Samples take one percent of a thread's time where an interrupt costs much, and are one a millisecond elsewhere.</summary>
public class TimerCostTests
{
    [Theory]
    [InlineData(0, 997_000)]
    [InlineData(9_970, 997_000)]
    [InlineData(9_971, 1_994_000)]
    [InlineData(65_000, 6_979_000)]
    [InlineData(5_000_000, 9_970_000)]
    public void TheIntervalFollowsTheCost(long cost, long interval) => Assert.Equal(interval, TimerCost.Interval(cost));
}
