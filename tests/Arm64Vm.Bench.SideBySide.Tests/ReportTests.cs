using System.Text.Json;

namespace Arm64Vm.Bench.SideBySide.Tests;

public sealed class ReportTests
{
    private static List<Sample> Round(double sort, double fft) => [new("sort", "integer", sort), new("fft", "FP", fft)];

    private static Report Sample() => Report.Build(
        "title", [new("host", "one \"two\"")], [Round(10, 100), Round(20, 100), Round(30, 100)], [Round(40, 400), Round(90, 400), Round(60, 400)], []);

    [Fact]
    public void RatiosAreOfMediansOfBestRoundsAndOfEachRound()
    {
        ReportRow row = Sample().Rows[0];
        Assert.Equal((20d, 60d, 3d, 4d), (row.Ours, row.Peer, row.Ratio, row.Best));
        Assert.Equal((2d, 4.5), (row.Least, row.Greatest));
    }

    [Fact]
    public void ClassesHaveGeometricMeans()
    {
        IReadOnlyList<ReportClass> classes = Sample().Classes;
        Assert.Equal(["integer", "FP", "all"], classes.Select(c => c.Name));
        Assert.Equal(Math.Sqrt(3 * 4), classes[2].Ratio, 12);
    }

    [Fact]
    public void AResultThatOneSideNeverPrintedIsAFailureNotARow()
    {
        Report report = Report.Build("title", [], [[new("sort", "integer", 1)]], [[]], []);
        Assert.Empty(report.Rows);
        Assert.Equal(["sort: no result from qemu"], report.Failures);
    }

    [Fact]
    public void JsonIsWellFormed()
    {
        StringWriter text = new();
        ReportWriter.Write(Sample(), ReportFormat.Json, text);
        using JsonDocument json = JsonDocument.Parse(text.ToString());
        Assert.Equal("one \"two\"", json.RootElement.GetProperty("circumstances").GetProperty("host").GetString());
        Assert.Equal(60, json.RootElement.GetProperty("rows")[0].GetProperty("peerNs").GetDouble());
    }

    [Fact]
    public void MarkdownRowsHaveAsManyCellsAsTheHeader()
    {
        StringWriter text = new();
        ReportWriter.Write(Sample(), ReportFormat.Markdown, text);
        string[] table = [.. text.ToString().Split('\n').Where(line => line.StartsWith('|'))];
        Assert.Equal(7, table.Length);
        Assert.All(table, line => Assert.Equal(8, line.Count(c => c == '|')));
    }
}
