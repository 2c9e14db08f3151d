using Arm64Vm.Cli.Bench.Figures;
using Arm64Vm.Cli.Bench.Reports;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class BaselineTests
{
    private static readonly double?[] s_quiet = [100, 101, 102, 103, 104];

    private static BenchRow Row(string name, IEnumerable<double?> ours, params double?[] peer) => new("linux", name, "program", [.. ours], peer, []);

    private static IEnumerable<double?> Slower(double by) => s_quiet.Select(time => time * by);

    [Fact]
    public void TheSameTimesAreNoRegression()
    {
        var comparison = Baseline.Compare([Row("gzip", s_quiet)], [Row("gzip", s_quiet)]);
        Assert.False(comparison.HasRegression);
        Assert.True(comparison.CanTell);
    }

    [Fact]
    public void ASlowDownBeyondTheSpreadIsARegression()
    {
        var line = Assert.Single(Baseline.Compare([Row("gzip", s_quiet)], [Row("gzip", Slower(1.1))]).Lines);
        Assert.True(line.IsRegression);
        Assert.Equal("linux/gzip", line.Name);
        Assert.Equal(1.1, line.Change, 9);
        Assert.Equal(1.0 / 252, line.Probability, 9);
    }

    [Fact]
    public void ASpeedUpIsNone() => Assert.False(Baseline.Compare([Row("gzip", s_quiet)], [Row("gzip", Slower(0.8))]).HasRegression);

    [Fact]
    public void WhatNoiseExplainsIsNone() =>
        Assert.False(Baseline.Compare([Row("gzip", [100, 150, 90, 160, 95])], [Row("gzip", [120, 155, 100, 150, 110])]).HasRegression);

    /// <summary>1.5 % are too little for a workload alone, not for all of them together.</summary>
    [Fact]
    public void ASmallSlowDownOfEverythingShowsInTheMean()
    {
        double?[] steady = [100, 100.1, 100.2, 100.3, 100.4];
        var slower = steady.Select(time => time * 1.015);
        var comparison = Baseline.Compare([Row("a", steady), Row("b", steady)], [Row("a", slower), Row("b", slower)]);
        Assert.Equal([false, false, true], comparison.Lines.Select(line => line.IsRegression));
    }

    [Fact]
    public void WithFewRoundsItSaysThatItCannotTell()
    {
        var comparison = Baseline.Compare([Row("gzip", [100, 101, 102])], [Row("gzip", [200, 201, 202])]);
        Assert.False(comparison.CanTell);
        Assert.False(comparison.HasRegression);
        StringWriter text = new();
        comparison.Write("before.json", text);
        Assert.Contains("too few rounds", text.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A host that is half as fast today slows the peer down as well.</summary>
    [Fact]
    public void WithAPeerInBothItIsTheRatiosThatCount()
    {
        double?[] peer = [300, 301, 302, 303, 304];
        var comparison = Baseline.Compare([Row("gzip", s_quiet, peer)], [Row("gzip", Slower(2), [.. peer.Select(time => time * 2)])]);
        Assert.True(comparison.IsRelative);
        Assert.False(comparison.HasRegression);
        Assert.True(Baseline.Compare([Row("gzip", s_quiet)], [Row("gzip", Slower(2), peer)]).HasRegression);
    }

    [Fact]
    public void WorkloadsThatOneRunDoesNotHaveAreLeftOut() => Assert.Empty(Baseline.Compare([Row("gzip", s_quiet)], [Row("xz", s_quiet)]).Lines);

    [Theory]
    [InlineData(5, 5, true)]
    [InlineData(4, 5, true)]
    [InlineData(3, 3, false)]
    [InlineData(0, 5, false)]
    [InlineData(300, 300, true)]
    public void TheTestNeedsRounds(int earlier, int later, bool can) => Assert.Equal(can, PermutationTest.CanTell(earlier, later));

    /// <summary>Too many divisions to try all: the sampled answer is near the exact one.</summary>
    [Fact]
    public void ManyRoundsAreSampled()
    {
        var random = new Random(7);
        double[] first = [.. Enumerable.Range(0, 30).Select(_ => random.NextDouble())], second = [.. Enumerable.Range(0, 30).Select(_ => random.NextDouble())];
        Assert.InRange(PermutationTest.Slower(first, second) + PermutationTest.Slower(second, first), 0.97, 1.03);
        Assert.True(PermutationTest.Slower(first, [.. first.Select(value => value + 0.5)]) < 0.001);
    }

    [Fact]
    public void AnIntervalNarrowsWithItsSamples()
    {
        double[] spread = [90, 95, 100, 105, 110], steady = [99, 99.5, 100, 100.5, 101], reference = [50, 50, 50, 50, 50];
        var wide = Bootstrap.OfRatio(spread, reference);
        var narrow = Bootstrap.OfRatio(steady, reference);
        Assert.InRange(2.0, wide.Low, wide.High);
        Assert.True(narrow.High - narrow.Low < wide.High - wide.Low);
        Assert.Equal(wide, Bootstrap.OfRatio(spread, reference));
    }

    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    public void TheMedianIsTheMiddle(double[] values, double median) => Assert.Equal(median, Statistics.Median(values));

    [Fact]
    public void SpreadIsHalfTheRangeOverTheMedian() => Assert.Equal(0.1, Statistics.Spread([90, 100, 110]), 9);
}
