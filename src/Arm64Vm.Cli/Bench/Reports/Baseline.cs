using System.Globalization;
using Arm64Vm.Cli.Bench.Figures;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>Compares a report with an earlier one.</summary>
/// <remarks>
/// A workload has become slower when a permutation test over the rounds says so (<see cref="PermutationTest.Significance"/>) and its median has grown by more than
/// <see cref="LeastWorkload"/>; all together have when the same test says so of the rounds' geometric means and these have grown by more than <see cref="LeastMean"/>, which
/// finds what is too small for each workload alone. Where both reports have a peer's times, it is our time divided by the peer's of the same round that is compared: what slows
/// both down is the host.
/// </remarks>
internal sealed class Baseline
{
    /// <summary>A slow-down of one workload that is worth a failure.</summary>
    public const double LeastWorkload = 1.02;

    /// <summary>A slow-down over all workloads that is worth a failure.</summary>
    public const double LeastMean = 1.01;

    /// <summary>What was compared.</summary>
    /// <param name="Name">The workload.</param>
    /// <param name="Change">New by old, of medians; above 1 is slower.</param>
    /// <param name="Probability">Of such a slow-down by chance.</param>
    /// <param name="IsRegression">It counts.</param>
    public sealed record Line(string Name, double Change, double Probability, bool IsRegression);

    private Baseline(List<Line> lines, bool canTell, bool isRelative)
    {
        Lines = lines;
        CanTell = canTell;
        IsRelative = isRelative;
    }

    public IReadOnlyList<Line> Lines { get; }

    /// <summary>There were rounds enough for the test to find anything.</summary>
    public bool CanTell { get; }

    /// <summary>Times were taken relative to the peer's.</summary>
    public bool IsRelative { get; }

    public bool HasRegression => Lines.Any(line => line.IsRegression);

    public static Baseline Compare(IReadOnlyList<BenchRow> earlier, IReadOnlyList<BenchRow> now)
    {
        var pairs = now.Select(row => (Now: row, Earlier: earlier.FirstOrDefault(old => old.Suite == row.Suite && old.Name == row.Name)))
            .Where(pair => pair.Earlier is not null && pair.Now.OurTimes.Count > 0 && pair.Earlier.OurTimes.Count > 0).ToList();
        var isRelative = pairs.Count > 0 && pairs.All(pair => Both(pair.Now) && Both(pair.Earlier!));
        var lines = new List<Line>();
        List<double?[]> oldRounds = [], newRounds = [];
        var canTell = false;
        foreach (var (row, old) in pairs)
        {
            double?[] before = Logarithms(old!, isRelative), after = Logarithms(row, isRelative);
            double[] b = [.. before.OfType<double>()], a = [.. after.OfType<double>()];
            canTell |= PermutationTest.CanTell(b.Length, a.Length);
            lines.Add(Judge($"{row.Suite}/{row.Name}", b, a, LeastWorkload));
            oldRounds.Add(before);
            newRounds.Add(after);
        }

        if (lines.Count > 1)
        {
            double[] before = Means(oldRounds), after = Means(newRounds);
            if (before.Length > 0 && after.Length > 0)
                lines.Add(Judge("geometric mean", before, after, LeastMean));
        }

        return new Baseline(lines, canTell, isRelative);
    }

    public void Write(string file, TextWriter to)
    {
        to.WriteLine($"compared with {file}{(IsRelative ? ", relative to QEMU's times" : "")}:");
        foreach (var line in Lines)
        {
            var verdict = line.IsRegression ? "SLOWER" : "";
            to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {line.Name,-32} {(line.Change - 1) * 100,7:+0.0;-0.0} %  p = {line.Probability:0.0000}  {verdict}").TrimEnd());
        }

        if (!CanTell)
            to.WriteLine("  too few rounds for the test to tell a slow-down from noise: five in both runs are enough");
    }

    private static bool Both(BenchRow row) => row.Ours.Zip(row.Peer).Any(pair => pair is (not null, not null));

    private static Line Judge(string name, double[] before, double[] after, double least)
    {
        var change = Math.Exp(Statistics.Median(after) - Statistics.Median(before));
        var probability = PermutationTest.Slower(before, after);
        return new Line(name, change, probability, probability <= PermutationTest.Significance && change > least);
    }

    private static double?[] Logarithms(BenchRow row, bool isRelative) => isRelative
        ? [.. row.Ours.Zip(row.Peer).Select(pair => Math.Log((pair.First / pair.Second) ?? double.NaN)).Select(value => double.IsNaN(value) ? (double?)null : value)]
        : [.. row.Ours.Select(time => time is { } value ? Math.Log(value) : (double?)null)];

    /// <summary>A mean for each round that has every workload.</summary>
    private static double[] Means(List<double?[]> workloads)
    {
        var rounds = workloads.Min(times => times.Length);
        return [.. Enumerable.Range(0, rounds).Where(round => workloads.TrueForAll(times => times[round] is not null)).Select(round => workloads.Average(times => times[round]!.Value))];
    }
}
