namespace Arm64Vm.Scheduling.Tests;

/// <summary>Weights and caps, in virtual time.</summary>
public class ShareTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(2, 2, 2)]
    [InlineData(2, 4, 8)]
    [InlineData(2, 64, 2)]
    [InlineData(8, 16, 16)]
    public void WeightsOneToThreeHoldWithinFivePercent(int workers, int first, int second)
    {
        var simulation = new Simulation(workers);
        var one = simulation.Group(100);
        var three = simulation.Group(300);
        for (var i = 0; i < first; i++)
            simulation.Entity(one);
        for (var i = 0; i < second; i++)
            simulation.Entity(three);
        var shares = simulation.Run(10_000, one, three);
        Assert.InRange(shares.Sum(), workers * 0.99, workers);

        // Three quarters may be more than the second group's entities can use.
        var expected = Math.Min(second, workers * 0.75);
        Assert.InRange(shares[1], expected * 0.95, expected * 1.05);
    }

    [Fact]
    public void AChangedWeightIsFollowedWithin100Milliseconds()
    {
        var simulation = new Simulation(2);
        var a = simulation.Group(100);
        var b = simulation.Group(300);
        for (var i = 0; i < 3; i++)
        {
            simulation.Entity(a);
            simulation.Entity(b);
        }

        simulation.Run(5000, a, b);
        a.Weight = 900;
        simulation.Run(100, a, b);
        var shares = simulation.Run(200, a, b);
        Assert.InRange(shares[0], 1.5 * 0.95, 1.5 * 1.05);
    }

    [Theory]
    [InlineData(1, 1, 250)]
    [InlineData(2, 1, 250)]
    [InlineData(2, 4, 250)]
    [InlineData(2, 4, 1500)]
    [InlineData(2, 1, 10)]
    public void ACapHoldsWithinTwoPointsAlsoOnAnIdleHost(int workers, int entities, int cap)
    {
        var simulation = new Simulation(workers);
        var capped = simulation.Group(100, cap);
        for (var i = 0; i < entities; i++)
            simulation.Entity(capped);
        var expected = cap / 1000.0;
        Assert.InRange(simulation.Run(10_000, capped)[0], expected - 0.02, expected + 0.02);

        var busy = simulation.Group(100);
        simulation.Entity(busy);
        simulation.Entity(busy);
        var shares = simulation.Run(10_000, capped, busy);
        Assert.InRange(shares[0], Math.Min(expected, workers * 0.5) - 0.02, expected + 0.02);
        Assert.InRange(shares.Sum(), workers * 0.98, workers);
    }

    [Fact]
    public void AChangedCapIsFollowedWithin100Milliseconds()
    {
        var simulation = new Simulation(1);
        var group = simulation.Group(100, cap: 10);
        simulation.Entity(group);
        simulation.Run(2000, group);
        group.Cap = 500;
        simulation.Run(100, group);
        Assert.InRange(simulation.Run(500, group)[0], 0.48, 0.52);
        group.Cap = 0;
        simulation.Run(100, group);
        Assert.InRange(simulation.Run(5000, group)[0], 0.98, 1.01);
    }

    /// <summary>What a group does not use goes to the others by their weights, though its own weight is the largest.</summary>
    [Fact]
    public void UnusedSharesAreDividedByWeight()
    {
        var simulation = new Simulation(2);
        var narrow = simulation.Group(1000);
        var a = simulation.Group(100);
        var b = simulation.Group(200);
        simulation.Entity(narrow);
        for (var i = 0; i < 3; i++)
        {
            simulation.Entity(a);
            simulation.Entity(b);
        }

        var shares = simulation.Run(10_000, narrow, a, b);
        Assert.InRange(shares[0], 0.95, 1.0);
        Assert.InRange(shares[2] / shares[1], 1.9, 2.1);
    }

    /// <summary>Spinning, short runs and many entities do not buy time.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AGroupOfManyShortRunsGetsNoMoreThanItsShare(int workers)
    {
        var simulation = new Simulation(workers);
        var quiet = simulation.Group(100);
        var flood = simulation.Group(100);
        for (var i = 0; i < workers; i++)
            simulation.Entity(quiet);
        for (var i = 0; i < 40; i++)
            simulation.Entity(flood, busy: 50_000, idle: 20_000);
        var shares = simulation.Run(5000, quiet, flood);
        Assert.InRange(shares[0], workers * 0.5 * 0.93, workers * 0.5 * 1.05);
    }

    /// <summary>Busy entities of one group come round in turn, wherever they are queued.</summary>
    [Fact]
    public void EntitiesOfAGroupGetTheSame()
    {
        var simulation = new Simulation(2);
        var group = simulation.Group(100);
        var entities = Enumerable.Range(0, 64).Select(_ => simulation.Entity(group)).ToArray();
        simulation.Run(10_000, group);
        var times = entities.Select(entity => entity.Statistics.RunTime.TotalMilliseconds).ToArray();
        Assert.True(times.Max() < times.Min() * 1.5, $"{times.Min()} to {times.Max()}");
    }

    [Theory]
    [InlineData(1ul)]
    [InlineData(2ul)]
    public void AnEntityWithAnAffinityRunsThereOnly(ulong affinity)
    {
        var simulation = new Simulation(2);
        var group = simulation.Group(100);
        var bound = simulation.Entity(group);
        bound.Affinity = affinity;
        simulation.Entity(group);
        simulation.Entity(group);
        simulation.Run(200, group);
        var migrations = bound.Statistics.Migrations;
        var before = bound.Statistics.RunTime;
        simulation.Run(3000, group);
        Assert.Equal(migrations, bound.Statistics.Migrations);
        Assert.Equal(affinity, 1ul << bound.Statistics.Worker);
        Assert.True((bound.Statistics.RunTime - before).TotalMilliseconds > 1000);
    }

    [Fact]
    public void NothingIsAllocatedInSteadyState()
    {
        var simulation = new Simulation(2);
        for (var i = 0; i < 5; i++)
        {
            var group = simulation.Group(100 * (i + 1), cap: i == 4 ? 250 : 0);
            for (var j = 0; j < 4; j++)
                simulation.Entity(group, busy: j == 0 ? ulong.MaxValue : 40_000, idle: 3_000_000);
        }

        simulation.Turns(20_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        simulation.Turns(20_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
