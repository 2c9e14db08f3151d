using System.Text.Json;

namespace Arm64Vm.Profiling;

/// <summary>The JSON of speedscope (https://www.speedscope.app/file-format-schema.json): a sampled profile for each processor, in the order of time.</summary>
internal static class SpeedscopeJson
{
    /// <summary>Samples of one stack, and how long it lasted in nanoseconds; node −1: nothing ran.</summary>
    private readonly record struct Stretch(int Node, long Length);

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        var stacks = new ExportStacks(profile);
        var processors = profile.Samples.Where(sample => ExportStacks.Has(sample)).GroupBy(sample => sample.Processor).OrderBy(group => group.Key)
            .Select(group => (Processor: group.Key, Stretches: StretchesOf(profile, group, stacks))).ToList();
        using var json = JsonExport.Open(output);
        json.WriteStartObject();
        json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
        json.WriteString("name", profile.Info.Guest);
        json.WriteString("exporter", $"arm64vm {profile.Info.Version}");
        json.WriteNumber("activeProfileIndex", 0);
        json.WriteStartObject("shared");
        json.WriteStartArray("frames");
        foreach (var frame in stacks.Frames)
        {
            json.WriteStartObject();
            json.WriteString("name", frame.Name);
            if (frame.Module.Length > 0)
                json.WriteString("file", frame.Module);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("profiles");
        foreach (var (processor, stretches) in processors)
            WriteProfile(json, processor, stretches, stacks);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteProfile(Utf8JsonWriter json, int processor, List<Stretch> stretches, ExportStacks stacks)
    {
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", $"processor {processor}");
        json.WriteString("unit", "nanoseconds");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", stretches.Aggregate(0L, (sum, stretch) => sum + stretch.Length));
        json.WriteStartArray("samples");
        var paths = new Dictionary<int, int[]>();
        foreach (var stretch in stretches)
        {
            if (!paths.TryGetValue(stretch.Node, out var path))
                paths.Add(stretch.Node, path = stacks.PathOf(stretch.Node));
            json.WriteStartArray();
            foreach (var frame in path)
                json.WriteNumberValue(frame);
            json.WriteEndArray();
            json.Drain();
        }

        json.WriteEndArray();
        json.WriteNumbers("weights", stretches.Select(stretch => stretch.Length));
        json.WriteEndObject();
    }

    /// <summary>One processor's samples, each for as long as it stands for, with stretches without a stack where there are none, so that the time is the recording's.</summary>
    private static List<Stretch> StretchesOf(Profile profile, IEnumerable<ProfileSample> samples, ExportStacks stacks)
    {
        List<Stretch> all = [];
        var interval = Math.Max(1, profile.Info.SampleInterval);
        long at = 0;
        foreach (var sample in samples)
        {
            if (sample.Time - at > interval)
                Add(-1, sample.Time - at);
            Add(stacks.NodeOf(sample), interval * sample.Weight);
        }

        return all;

        void Add(int node, long length)
        {
            at += length;
            if (all.Count > 0 && all[^1].Node == node)
                all[^1] = new Stretch(node, all[^1].Length + length);
            else
                all.Add(new Stretch(node, length));
        }
    }
}
