using System.Text.Json;
using Arm64Vm.Cli.Bench.Figures;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Bench.Reports;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class ReportTests
{
    private static BenchRow Row(string name, string className, double?[] ours, double?[] peer, params double?[] native) => new("kernels", name, className, ours, peer, native);

    private static BenchReport Sample() => new(
        [new("host", "one \"two\" <three>")],
        [
            Row("sort", "integer", [10, 20, 30], [40, 90, 60], 10, 10, 5) with
            {
                Counters = new WorkloadCounters(1000, 100, 4000, 1.5, new Dictionary<string, long> { ["memory_exits"] = 7 }),
            },
            Row("fft", "FP", [100, 100, 100], [400, 400, 400]),
        ],
        []);

    [Fact]
    public void RatiosAreOfMedians()
    {
        var row = Sample().Rows[0];
        Assert.Equal((3d, 2d), (row.Ratio, row.SlowDown));
        Assert.InRange(row.Ratio!.Value, row.RatioInterval!.Value.Low, row.RatioInterval.Value.High);
        Assert.Equal(new Interval(4, 4), Sample().Rows[1].RatioInterval);
    }

    [Fact]
    public void ClassesHaveGeometricMeans()
    {
        var means = Sample().Means;
        Assert.Equal(["kernels: integer", "kernels: FP", "all"], means.Select(mean => mean.Name));
        Assert.Equal(Math.Sqrt(3 * 4), means[2].Ratio!.Value, 12);
        Assert.Null(means[1].SlowDown);
    }

    [Fact]
    public void ARoundThatGaveNothingLeavesTheOthers()
    {
        var samples = new BenchSamples(3);
        samples.Add("a", "linux", 0, [new Sample("gzip", "program", 10)]);
        samples.Add("a", "linux", 2, [new Sample("gzip", "program", 30)]);
        samples.Add("b", "linux", 1, [new Sample("gzip", "program", 40), new Sample("xz", "program", 0)]);
        var row = Assert.Single(samples.Rows("a", "b", "c"));
        Assert.Equal([10, null, 30], row.Ours);
        Assert.Equal(2, row.Ratio);
        Assert.False(row.HasNative);
    }

    [Fact]
    public void TheDocumentIsReadBack()
    {
        var text = JsonReport.Write(Sample());
        using var json = JsonDocument.Parse(text);
        Assert.Equal("one \"two\" <three>", json.RootElement.GetProperty("circumstances").GetProperty("host").GetString());
        var sort = json.RootElement.GetProperty("workloads")[0];
        Assert.Equal((20, 3, 40), (sort.GetProperty("median_ns").GetDouble(), sort.GetProperty("ratio").GetDouble(), sort.GetProperty("counters").GetProperty("bytes_per_instruction").GetDouble()));
        var rows = JsonReport.Read(text);
        Assert.Equal(Sample().Rows.Select(row => (row.Suite, row.Name, row.Class)), rows.Select(row => (row.Suite, row.Name, row.Class)));
        Assert.Equal([10, 20, 30], rows[0].Ours);
        Assert.Equal([40, 90, 60], rows[0].Peer);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"format\":1}")]
    [InlineData("{\"format\":99,\"workloads\":[]}")]
    [InlineData("{\"format\":1,\"workloads\":[{\"suite\":\"a\"}]}")]
    [InlineData("{\"format\":1,\"workloads\":[{\"suite\":\"a\",\"name\":\"b\",\"class\":\"c\",\"ours_ns\":7}]}")]
    public void AnotherDocumentIsRefused(string text) => Assert.Throws<FormatException>(() => JsonReport.Read(text));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TablesHaveAColumnForEachSideThatRan(bool markdown)
    {
        StringWriter text = new();
        TextReport.Write(Sample(), markdown, text);
        Assert.Contains("slow-down", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("40.0", text.ToString(), StringComparison.Ordinal);
        string[] table = [.. text.ToString().Split('\n').Where(line => line.StartsWith('|')).TakeWhile(line => !line.Contains("bytes each", StringComparison.Ordinal))];
        Assert.Equal(markdown ? 7 : 0, table.Length);
        Assert.All(table, line => Assert.Equal(11, line.Count(c => c == '|')));
        StringWriter alone = new();
        TextReport.Write(Sample() with { Rows = [Row("sort", "integer", [10], [])] }, markdown, alone);
        Assert.DoesNotContain("qemu", alone.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("slow-down", alone.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheHtmlFileNeedsNothingElseAndEscapesWhatItShows()
    {
        var html = HtmlReport.Write(Sample());
        Assert.Contains("one &quot;two&quot; &lt;three&gt;", html, StringComparison.Ordinal);
        Assert.Contains("<svg", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        var wellFormed = html["<!DOCTYPE html>\n".Length..].Replace("<meta charset=\"utf-8\">", "", StringComparison.Ordinal);
        Assert.Equal("html", System.Xml.Linq.XElement.Parse(wellFormed).Name.LocalName);
    }

    [Fact]
    public void CountersOfAWorkloadAreDifferencesBetweenItsMarks()
    {
        const string Messages =
            """
            something else
            {"instructions":900,"exits":{},"marks":[{"text":"RUN a\r","instructions":100,"instructions_translated":10,"code_bytes":300,"translation_microseconds":50,"memory_exits":4,"exits":{"Poll":3}},{"text":"RESULT a ","instructions":400,"instructions_translated":30,"code_bytes":900,"translation_microseconds":1050,"memory_exits":4,"exits":{"Poll":5,"Step":1}}]}
            """;
        using var folder = new TemporaryFolder();
        foreach (var image in (ReadOnlySpan<string>)["Image", "initrd.gz", "rootfs.img"])
            File.WriteAllBytes(Path.Combine(folder.Path, image), [1]);
        var guest = new LinuxScriptGuest("script", "program", "timed a true\ntimed b false\n", _ => true, folder.Path, folder.Path);
        var counters = WorkloadCounters.Read(Messages, guest);
        Assert.Equal(["a"], counters.Keys);
        Assert.Equal((300, 20, 600, 1.0, 30.0), (counters["a"].Instructions, counters["a"].Translated, counters["a"].CodeBytes, counters["a"].TranslationMilliseconds, counters["a"].BytesPerInstruction));
        Assert.Equal([("Poll", 2L), ("Step", 1L)], counters["a"].Exits.Select(exit => (exit.Key, exit.Value)));
        Assert.Empty(WorkloadCounters.Read("nothing\n", guest));
    }

    [Fact]
    public void WhatAnIdleRunDoesIsTakenOff()
    {
        var idle = new WorkloadCounters(10, 5, 100, 1, new Dictionary<string, long> { ["Poll"] = 2, ["links"] = 3 });
        var rest = new WorkloadCounters(110, 15, 400, 0.5, new Dictionary<string, long> { ["Poll"] = 5, ["links"] = 3 }).Minus(idle);
        Assert.Equal((100, 10, 300, 0), (rest.Instructions, rest.Translated, rest.CodeBytes, rest.TranslationMilliseconds));
        Assert.Equal([("Poll", 3L)], rest.Exits.Select(exit => (exit.Key, exit.Value)));
    }
}
