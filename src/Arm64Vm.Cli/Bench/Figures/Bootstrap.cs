namespace Arm64Vm.Cli.Bench.Figures;

/// <summary>An interval that holds the true value in 95 of 100 runs, as far as the samples tell.</summary>
internal readonly record struct Interval(double Low, double High);

/// <summary>Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13). The same samples always give the same interval.</summary>
internal static class Bootstrap
{
    private const int Resamples = 4000;
    private const double Tail = 0.025;

    /// <summary>Of the ratio of two medians, the sides resampled each for itself.</summary>
    /// <param name="above">Samples of the dividend; at least one.</param>
    /// <param name="below">Samples of the divisor; at least one, positive.</param>
    public static Interval OfRatio(IReadOnlyList<double> above, IReadOnlyList<double> below) => OfMeanRatio([(above, below)]);

    /// <summary>Of the geometric mean of such ratios; samples of one round are drawn together, since what disturbs a round disturbs all of it.</summary>
    /// <param name="pairs">The sides of each ratio.</param>
    public static Interval OfMeanRatio(IReadOnlyList<(IReadOnlyList<double> Above, IReadOnlyList<double> Below)> pairs)
    {
        var random = new Random(1);
        var means = new double[Resamples];
        var aboveRounds = pairs.Max(pair => pair.Above.Count);
        var belowRounds = pairs.Max(pair => pair.Below.Count);
        for (var i = 0; i < Resamples; i++)
        {
            var above = Draw(random, aboveRounds);
            var below = Draw(random, belowRounds);
            means[i] = pairs.Average(pair => Math.Log(Statistics.Median(Pick(pair.Above, above)) / Statistics.Median(Pick(pair.Below, below))));
        }

        Array.Sort(means);
        return new Interval(Math.Exp(means[(int)(Resamples * Tail)]), Math.Exp(means[(int)(Resamples * (1 - Tail)) - 1]));
    }

    private static int[] Draw(Random random, int count)
    {
        var rounds = new int[count];
        for (var i = 0; i < count; i++)
            rounds[i] = random.Next(count);
        return rounds;
    }

    /// <summary>The drawn rounds' samples; a round that gave this workload none is as good as another.</summary>
    private static double[] Pick(IReadOnlyList<double> samples, int[] rounds) => [.. rounds.Take(samples.Count).Select(round => samples[round % samples.Count])];
}
