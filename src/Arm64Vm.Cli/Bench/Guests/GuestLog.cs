using System.Globalization;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>One result line of a guest: a name, a class to group it by, and a time in nanoseconds.</summary>
internal readonly record struct Sample(string Name, string Class, double Nanoseconds);

/// <summary>Reads the result lines that guests print. Lines that are anything else are passed over.</summary>
internal static class GuestLog
{
    /// <summary><c>KERNEL name iterations nanoseconds</c>: the time of one iteration.</summary>
    public static List<Sample> Kernels(string console)
    {
        List<Sample> samples = [];
        foreach (string[] words in Lines(console, "KERNEL", 4))
        {
            if (Number(words[2]) is double iterations and > 0 && Number(words[3]) is double nanoseconds)
                samples.Add(new Sample(words[1], KernelCatalog.ClassOf(words[1]), nanoseconds / iterations));
        }

        return samples;
    }

    /// <summary><c>RESULT name milliseconds rc=0</c>; a program that failed gives no sample.</summary>
    public static List<Sample> Results(string console, string className)
    {
        List<Sample> samples = [];
        foreach (string[] words in Lines(console, "RESULT", 4))
        {
            if (words[3] == "rc=0" && Number(words[2]) is double milliseconds)
                samples.Add(new Sample(words[1], className, milliseconds * 1e6));
        }

        return samples;
    }

    /// <summary>The names and statuses of the programs that failed.</summary>
    public static List<string> FailedResults(string console)
    {
        List<string> failed = [];
        foreach (string[] words in Lines(console, "RESULT", 4))
        {
            if (words[3] != "rc=0")
                failed.Add($"{words[1]} {words[3]}");
        }

        return failed;
    }

    private static IEnumerable<string[]> Lines(string console, string keyword, int length)
    {
        foreach (string line in console.Split('\n'))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == length && words[0] == keyword)
                yield return words;
        }
    }

    private static double? Number(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
