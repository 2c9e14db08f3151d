using System.Text;
using System.Text.Json;

namespace Arm64Vm.Profiling.Tests;

/// <summary>What exports contain; <see cref="ExportToolTests"/> has other programs read them.</summary>
public class ExportTests
{
    /// <summary>Two processors' samples: calls, time outside emitted code, a gap, the host.</summary>
    internal static Profile Profile()
    {
        var profile = SampleProfiles.Full();
        profile.Samples.Clear();
        profile.Samples.AddRange(
        [
            new ProfileSample(1_000_000, 0, ProfilePlace.Emitted, 0, 1, 0, 3, 1),
            new ProfileSample(1_500_000, 1, ProfilePlace.RunLoop, -1, 0, -1, 0, 1),
            new ProfileSample(2_000_000, 0, ProfilePlace.Emitted, 0, 1, 0, 4, 1),
            new ProfileSample(3_000_000, 0, ProfilePlace.Mmu, 0, 1, -1, 0, 1),
            new ProfileSample(3_000_000, 0, ProfilePlace.Host, 0, 1, -1, 0, 7),
            new ProfileSample(9_000_000, 0, ProfilePlace.Emitted, 1, 0, 1, 0, 2),
        ]);

        // Of what happens outside the time of the samples some programs show nothing.
        profile.Events[0] = profile.Events[0] with { Time = 2_000_000 };
        return profile;
    }

    internal static byte[] Bytes(Profile profile, ExportFormat format)
    {
        using var stream = new MemoryStream();
        ProfileExport.Write(profile, format, stream);
        return stream.ToArray();
    }

    [Fact]
    public void CollapsedStacksAreLinesWithCounts()
    {
        const string Expected =
            "init;main (bash);memcpy (vmlinux) 2\n" +
            "init;main (bash);memcpy (vmlinux);[mmu] 1\n" +
            "no process;main (bash);[run loop] 1\n" +
            "process 49000000;main (bash) 2\n";
        Assert.Equal(Expected, Encoding.UTF8.GetString(Bytes(Profile(), ExportFormat.Collapsed)));
    }

    /// <summary>A name with a separator cannot become two frames or lines.</summary>
    [Fact]
    public void CollapsedStacksKeepOddNamesInOneFrame()
    {
        var profile = Profile();
        profile.Symbols[2] = profile.Symbols[2] with { Name = "a;b\nc 5" };
        var lines = Encoding.UTF8.GetString(Bytes(profile, ExportFormat.Collapsed)).TrimEnd('\n').Split('\n');
        Assert.Equal("init;a:b c 5 (bash);memcpy (vmlinux) 2", lines[0]);
        Assert.Equal(4, lines.Length);
    }

    [Fact]
    public void SpeedscopeHasAProfileForEachProcessorInTheOrderOfTime()
    {
        using var document = JsonDocument.Parse(Bytes(Profile(), ExportFormat.Speedscope));
        var root = document.RootElement;
        Assert.Equal("https://www.speedscope.app/file-format-schema.json", root.GetProperty("$schema").GetString());
        string[] frames = [.. root.GetProperty("shared").GetProperty("frames").EnumerateArray().Select(frame => frame.GetProperty("name").GetString()!)];
        var first = root.GetProperty("profiles")[0];
        Assert.Equal(("sampled", "nanoseconds", 2), (first.GetProperty("type").GetString(), first.GetProperty("unit").GetString(), root.GetProperty("profiles").GetArrayLength()));
        string[] stacks = [.. first.GetProperty("samples").EnumerateArray().Select(stack => string.Join(';', stack.EnumerateArray().Select(frame => frames[frame.GetInt32()])))];

        // Equal stacks in a row are one, and where there is no sample there is no stack.
        Assert.Equal(["init;main;memcpy", "init;main;memcpy;[mmu]", "", "process 49000000;main"], stacks);
        Assert.Equal([2_000_000, 1_000_000, 6_000_000, 2_000_000], first.GetProperty("weights").EnumerateArray().Select(weight => weight.GetInt64()));
        Assert.Equal(11_000_000, first.GetProperty("endValue").GetInt64());
    }

    [Fact]
    public void FirefoxTablesFitTogether()
    {
        using var document = JsonDocument.Parse(Bytes(Profile(), ExportFormat.Firefox));
        var root = document.RootElement;
        var shared = root.GetProperty("shared");
        foreach (var table in shared.EnumerateObject().Where(table => table.Value.ValueKind == JsonValueKind.Object))
            CheckColumns(table.Value, table.Name);
        var (stacks, frames, functions) = (shared.GetProperty("stackTable"), shared.GetProperty("frameTable"), shared.GetProperty("funcTable"));
        var names = shared.GetProperty("stringArray");
        CheckIndices(stacks.GetProperty("frame"), frames.GetProperty("length").GetInt32());
        CheckIndices(frames.GetProperty("func"), functions.GetProperty("length").GetInt32());
        CheckIndices(frames.GetProperty("category"), root.GetProperty("meta").GetProperty("categories").GetArrayLength());
        CheckIndices(functions.GetProperty("name"), names.GetArrayLength());
        var prefixes = stacks.GetProperty("prefix");
        for (var i = 0; i < prefixes.GetArrayLength(); i++)
            Assert.True(prefixes[i].ValueKind == JsonValueKind.Null || prefixes[i].GetInt32() < i);
        Assert.Equal(2, root.GetProperty("threads").GetArrayLength());
        foreach (var thread in root.GetProperty("threads").EnumerateArray())
        {
            var samples = thread.GetProperty("samples");
            CheckColumns(samples, "samples");
            CheckColumns(thread.GetProperty("markers"), "markers");
            CheckIndices(samples.GetProperty("stack"), prefixes.GetArrayLength());
            var times = samples.GetProperty("time").EnumerateArray().Select(time => time.GetDouble()).ToList();
            Assert.Equal(times.Order(), times);
        }

        var last = root.GetProperty("threads")[0].GetProperty("samples");
        Assert.Equal("main", names[functions.GetProperty("name")[stacks.GetProperty("frame")[last.GetProperty("stack")[3].GetInt32()].GetInt32()].GetInt32()].GetString());
        Assert.Equal((9.0, 2), (last.GetProperty("time")[3].GetDouble(), last.GetProperty("weight")[3].GetInt32()));
        var markers = root.GetProperty("threads")[0].GetProperty("markers");
        Assert.Equal("Translation", names[markers.GetProperty("name")[0].GetInt32()].GetString());
        Assert.Equal("0x401000", markers.GetProperty("data")[0].GetProperty("address").GetString());
    }

    [Fact]
    public void ChromeTraceHasSlicesInstantsAndCounters()
    {
        using var document = JsonDocument.Parse(Bytes(Profile(), ExportFormat.Chrome));
        List<JsonElement> events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        Assert.All(events, one => Assert.True(one.GetProperty("ts").GetDouble() >= 0 && one.GetProperty("pid").GetInt32() == 1 && one.GetProperty("tid").GetInt32() is >= 0 and <= 2));
        var made = Assert.Single(events, one => Phase(one) == "X");
        Assert.Equal(("main", 5.0, 0), (made.GetProperty("name").GetString(), made.GetProperty("dur").GetDouble(), made.GetProperty("tid").GetInt32()));
        var lost = Assert.Single(events, one => Phase(one) == "i");
        Assert.Equal(("Eviction", "t", 7, 2), (lost.GetProperty("name").GetString(), lost.GetProperty("s").GetString(), lost.GetProperty("args").GetProperty("units").GetInt32(), lost.GetProperty("tid").GetInt32()));
        var wall = Assert.Single(events, one => Phase(one) == "C" && one.GetProperty("name").GetString() == "wall time, us");
        Assert.Equal(ProfilePlaces.Count, wall.GetProperty("args").EnumerateObject().Count());
        Assert.Equal(1 << 20, Assert.Single(events, one => Phase(one) == "C" && one.GetProperty("name").GetString() == "cache bytes").GetProperty("args").GetProperty("host code").GetInt32());

        static string Phase(JsonElement one) => one.GetProperty("ph").GetString()!;
    }

    [Fact]
    public void AProfileWithoutSamplesExports()
    {
        var empty = new Profile { Info = new ProfileInfo() };
        foreach (var format in Enum.GetValues<ExportFormat>())
            Assert.True(format == ExportFormat.Collapsed || Bytes(empty, format).Length > 0);
        Assert.Empty(Bytes(empty, ExportFormat.Collapsed));
    }

    /// <summary>Whatever is read from a file can be exported.</summary>
    [Fact]
    public void DamagedProfilesThatAreReadExport()
    {
        var read = 0;
        foreach (var profile in SampleProfiles.Damaged(seed: 7, rounds: 4000))
        {
            read++;
            foreach (var format in Enum.GetValues<ExportFormat>())
                Bytes(profile, format);
        }

        Assert.InRange(read, 200, 4000);
    }

    private static void CheckColumns(JsonElement table, string name)
    {
        var length = table.GetProperty("length").GetInt32();
        foreach (var column in table.EnumerateObject().Where(column => column.Value.ValueKind == JsonValueKind.Array))
            Assert.True(column.Value.GetArrayLength() == length, $"{name}.{column.Name}: {column.Value.GetArrayLength()}, not {length}");
    }

    private static void CheckIndices(JsonElement column, int count) => Assert.All(column.EnumerateArray(), index => Assert.InRange(index.GetInt32(), 0, count - 1));
}
