using System.Numerics;

namespace Arm64Vm.Cli.Bench.Figures;

/// <summary>
/// Whether later rounds are slower than earlier ones beyond what chance explains: the share of all ways to divide the rounds into two groups whose
/// difference is at least the one observed (Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, chapter 3). Exact where there are few ways, else by a
/// fixed sample of them.
/// </summary>
internal static class PermutationTest
{
    private const int MostExact = 20000;
    private const int Sampled = 20000;

    /// <summary>What is asked for at least before a difference counts.</summary>
    public const double Significance = 0.01;

    /// <summary>Whether so many rounds can show a difference at all.</summary>
    public static bool CanTell(int earlier, int later) => earlier > 0 && later > 0 && 1.0 / (double)Ways(earlier + later, later) <= Significance;

    /// <summary>The probability of a slow-down like this, or a larger one, when nothing has changed.</summary>
    /// <param name="earlier">Per round, the mean of the logarithms of its times.</param>
    /// <param name="later">The same of the rounds that may be slower.</param>
    public static double Slower(IReadOnlyList<double> earlier, IReadOnlyList<double> later)
    {
        double[] all = [.. later, .. earlier];
        var observed = all.Take(later.Count).Sum();
        var ways = Ways(all.Length, later.Count);

        // The sum of the later group alone decides, since both sums together are always the same. Rounding must not hide a tie.
        var bound = observed - (1e-9 * (1 + Math.Abs(observed)));
        return ways <= MostExact ? Exact(all, later.Count, bound) : Sample(all, later.Count, bound);
    }

    private static double Exact(double[] all, int count, double bound)
    {
        long total = 0, extreme = 0;
        Choose(0, 0, 0);
        return (double)extreme / total;

        void Choose(int from, int chosen, double sum)
        {
            if (chosen == count)
            {
                total++;
                extreme += sum >= bound ? 1 : 0;
                return;
            }

            for (var i = from; i <= all.Length - (count - chosen); i++)
                Choose(i + 1, chosen + 1, sum + all[i]);
        }
    }

    private static double Sample(double[] all, int count, double bound)
    {
        var random = new Random(1);
        double[] shuffled = [.. all];
        var extreme = 1; // the observed division is one of them
        for (var i = 1; i < Sampled; i++)
        {
            random.Shuffle(shuffled);
            extreme += shuffled.Take(count).Sum() >= bound ? 1 : 0;
        }

        return (double)extreme / Sampled;
    }

    private static BigInteger Ways(int from, int choose)
    {
        var ways = BigInteger.One;
        for (var i = 1; i <= choose; i++)
            ways = ways * (from - choose + i) / i;
        return ways;
    }
}
