namespace Arm64Vm.Bench.SideBySide;

internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two middle ones. At least one value.</summary>
    public static double Median(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The mean for ratios: half as fast and twice as fast cancel. At least one value, all positive.</summary>
    public static double GeometricMean(IReadOnlyCollection<double> values)
    {
        double sum = 0;
        foreach (double value in values)
            sum += Math.Log(value);
        return Math.Exp(sum / values.Count);
    }
}
