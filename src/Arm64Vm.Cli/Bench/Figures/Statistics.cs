namespace Arm64Vm.Cli.Bench.Figures;

internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two middle ones. At least one value.</summary>
    public static double Median(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The mean for ratios: half as fast and twice as fast cancel. At least one value, all positive.</summary>
    public static double GeometricMean(IReadOnlyCollection<double> values) => Math.Exp(values.Average(Math.Log));

    /// <summary>How far values spread, as a share of their median: half of the distance between the least and the greatest. At least one value.</summary>
    public static double Spread(IReadOnlyCollection<double> values) => (values.Max() - values.Min()) / 2 / Median(values);
}
