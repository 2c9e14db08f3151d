using System.Globalization;
using System.Net;
using System.Text;
using Arm64Vm.Cli.Bench.Figures;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>The report as one HTML file that needs nothing else: bars of the ratios with their intervals, and tables.</summary>
internal static class HtmlReport
{
    private const int LabelWidth = 190;
    private const int PlotWidth = 620;
    private const int RowHeight = 20;

    private const string Style =
        """
        :root { color-scheme: light dark; --bar: #2f6fab; --loss: #b5483a; --line: #8888; }
        body { font: 14px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; }
        table { border-collapse: collapse; margin: 1em 0; } th, td { padding: 2px 10px; text-align: right; border-bottom: 1px solid var(--line); }
        th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; } dt { font-weight: 600; } dd { margin: 0 0 .3em 0; }
        svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font: 12px system-ui, sans-serif; } .failed { color: var(--loss); }
        .bar { fill: var(--bar); } .loss { fill: var(--loss); } .grid { stroke: var(--line); } .whisker { stroke: currentColor; stroke-width: 1.5; }
        """;

    public static string Write(BenchReport report)
    {
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>arm64vm bench</title>\n<style>\n").Append(Style).Append("\n</style></head>\n<body>\n<h1>arm64vm bench</h1>\n<dl>\n");
        foreach (var (key, value) in report.Circumstances)
            html.Append(CultureInfo.InvariantCulture, $"<dt>{Escape(key)}</dt><dd>{Escape(value)}</dd>\n");
        html.Append("</dl>\n");
        foreach (var failure in report.Failures)
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"failed\">Failed: {Escape(failure)}</p>\n");
        foreach (var suite in report.Rows.GroupBy(row => row.Suite))
        {
            List<BenchRow> rows = [.. suite];
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(suite.Key)}</h2>\n");
            Chart(html, "times as fast as QEMU", [.. rows.Where(row => row.HasPeer).Select(row => new Bar(row.Name, row.Ratio!.Value, row.RatioInterval))], higherIsBetter: true);
            Chart(html, "times as long as on the host", [.. rows.Where(row => row.HasNative).Select(row => new Bar(row.Name, row.SlowDown!.Value, Bootstrap.OfRatio(row.OurTimes, row.NativeTimes)))], higherIsBetter: false);
            Table(html, rows);
        }

        if (report.HasPeer || report.HasNative)
        {
            html.Append("<h2>Geometric means</h2>\n<table><tr><th>class</th><th>workloads</th><th>ratio</th><th>95 %</th><th>slow-down</th></tr>\n");
            foreach (var mean in report.Means)
                Row(html, mean.Name, mean.Count.ToString(CultureInfo.InvariantCulture), Figure.Ratio(mean.Ratio), Figure.Range(mean.RatioInterval), Figure.Ratio(mean.SlowDown));
            html.Append("</table>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private readonly record struct Bar(string Name, double Value, Interval? Range);

    /// <summary>Horizontal bars from 1 on a logarithmic scale, so that twice as fast and half as fast are equally long.</summary>
    private static void Chart(StringBuilder html, string caption, IReadOnlyList<Bar> bars, bool higherIsBetter)
    {
        if (bars.Count == 0)
            return;
        var low = Math.Min(0.8, bars.Min(bar => Math.Min(bar.Value, bar.Range?.Low ?? bar.Value)));
        var high = Math.Max(1.25, bars.Max(bar => Math.Max(bar.Value, bar.Range?.High ?? bar.Value)));
        var (first, last) = (Math.Log2(low), Math.Log2(high));
        var height = (bars.Count * RowHeight) + 24;
        html.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {LabelWidth + PlotWidth + 60} {height}\" width=\"{LabelWidth + PlotWidth + 60}\" role=\"img\" aria-label=\"{Escape(caption)}\">\n");
        for (var power = Math.Ceiling(first); power <= last; power++)
        {
            var x = Place(Math.Pow(2, power));
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{x:0.0}\" x2=\"{x:0.0}\" y1=\"0\" y2=\"{height - 18}\"/><text x=\"{x:0.0}\" y=\"{height - 4}\" text-anchor=\"middle\">{Math.Pow(2, power):0.###}</text>\n");
        }

        for (var i = 0; i < bars.Count; i++)
        {
            var (name, value, range) = bars[i];
            var y = i * RowHeight;
            double from = Place(Math.Min(value, 1)), to = Place(Math.Max(value, 1));
            var kind = value >= 1 == higherIsBetter ? "bar" : "loss";
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{LabelWidth - 8}\" y=\"{y + 14}\" text-anchor=\"end\">{Escape(name)}</text><rect class=\"{kind}\" x=\"{from:0.0}\" y=\"{y + 4}\" width=\"{Math.Max(1, to - from):0.0}\" height=\"{RowHeight - 8}\"/>");
            var end = to;
            if (range is { } interval)
            {
                end = Math.Max(end, Place(interval.High));
                html.Append(CultureInfo.InvariantCulture, $"<line class=\"whisker\" x1=\"{Place(interval.Low):0.0}\" x2=\"{Place(interval.High):0.0}\" y1=\"{y + 10}\" y2=\"{y + 10}\"/>");
            }

            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{end + 6:0.0}\" y=\"{y + 14}\">{Figure.Ratio(value)}</text>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"</svg>\n<p>{Escape(caption)}: medians, with the 95 % interval; logarithmic</p>\n");

        double Place(double value) => LabelWidth + ((Math.Log2(value) - first) / (last - first) * PlotWidth);
    }

    private static void Table(StringBuilder html, List<BenchRow> rows)
    {
        html.Append("<table><tr><th>workload</th><th>class</th><th>arm64vm</th><th>spread</th><th>QEMU</th><th>ratio</th><th>95 %</th><th>host</th><th>slow-down</th><th>bytes per instruction</th><th>translation</th><th>exits</th></tr>\n");
        foreach (var row in rows)
        {
            Row(html, row.Name, row.Class, Median(row.OurTimes), row.OurTimes.Count > 0 ? Figure.Percent(Statistics.Spread(row.OurTimes)) : "", Median(row.PeerTimes), Figure.Ratio(row.Ratio), Figure.Range(row.RatioInterval),
                Median(row.NativeTimes), Figure.Ratio(row.SlowDown), row.Counters?.BytesPerInstruction?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                row.Counters is { } counters ? Figure.Duration(counters.TranslationMilliseconds * 1e6) : "", row.Counters is { } all ? Figure.Count(all.Exits.Values.Sum()) : "");
        }

        html.Append("</table>\n");
    }

    private static string Median(IReadOnlyList<double> times) => times.Count > 0 ? Figure.Duration(Statistics.Median(times)) : "";

    private static void Row(StringBuilder html, params ReadOnlySpan<string> cells)
    {
        html.Append("<tr>");
        foreach (var cell in cells)
            html.Append("<td>").Append(Escape(cell)).Append("</td>");
        html.Append("</tr>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
