using System.Diagnostics;
using System.Globalization;

namespace Arm64Vm.Tests;

/// <summary>The seeds of a fuzz test: the same few in every run, or, with ARM64VM_FUZZ_SECONDS, as many as there is time for.</summary>
/// <remarks>
/// ARM64VM_FUZZ_SEED is the first seed; it is 1 without. What fails names its own seed, which is the first to give for the failure alone.
/// <c>.ci/fuzz</c> chooses another first seed each time.
/// </remarks>
internal static class FuzzSeeds
{
    public const string Category = "Category";

    /// <summary>The trait's value by which <c>.ci/fuzz</c> finds the tests.</summary>
    public const string Fuzz = "Fuzz";

    /// <summary>True: by time.</summary>
    public static bool IsLong => Seconds > 0;

    public static int First => Setting("ARM64VM_FUZZ_SEED", 1);

    private static int Seconds => Setting("ARM64VM_FUZZ_SECONDS", 0);

    /// <summary>So many seeds, unless the run is by time.</summary>
    public static IEnumerable<int> Count(int seeds) => IsLong ? For(TimeSpan.Zero) : Enumerable.Range(First, seeds);

    /// <summary>Seeds for so long, unless the run has its own time; one at least.</summary>
    public static IEnumerable<int> For(TimeSpan time)
    {
        long end = Stopwatch.GetTimestamp() + (long)((IsLong ? Seconds : time.TotalSeconds) * Stopwatch.Frequency);
        int seed = First;
        do
            yield return seed++;
        while (Stopwatch.GetTimestamp() < end);
    }

    private static int Setting(string name, int otherwise)
    {
        if (Environment.GetEnvironmentVariable(name) is not { Length: > 0 } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw new FormatException($"{name} is not a number: {text}");
    }
}
