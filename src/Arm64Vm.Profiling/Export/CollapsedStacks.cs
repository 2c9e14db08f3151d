using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>Collapsed stacks: a line for each, its frames from the outermost on between semicolons, and how many samples it had.</summary>
internal static class CollapsedStacks
{
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        var stacks = new ExportStacks(profile);
        var sums = new Dictionary<int, long>();
        foreach (var sample in profile.Samples)
        {
            if (!ExportStacks.Has(sample))
                continue;
            var node = stacks.NodeOf(sample);
            sums[node] = sums.GetValueOrDefault(node) + sample.Weight;
        }

        using var text = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (var (line, count) in sums.Select(one => (Line(stacks, one.Key), one.Value)).OrderBy(one => one.Item1, StringComparer.Ordinal))
            text.WriteLine($"{line} {count}");
    }

    private static string Line(ExportStacks stacks, int node) => string.Join(';', stacks.PathOf(node).Select(frame => Clean(stacks.Frames[frame].Title)));

    /// <summary>Without what separates frames and lines.</summary>
    private static string Clean(string name) => name.Replace(';', ':').ReplaceLineEndings(" ");
}
