using System.Globalization;
using System.Text;
using Arm64Vm.Cli.Bench.Figures;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>The report as tables, plain or as Markdown: times and ratios, then what the workloads made the emulator do.</summary>
internal static class TextReport
{
    private const int MostExits = 4;

    public static void Write(BenchReport report, bool markdown, TextWriter to)
    {
        foreach (var (key, value) in report.Circumstances)
            to.WriteLine(markdown ? $"- {key}: {value}" : $"{key}: {value}");
        if (report.Rows.Count > 0)
        {
            to.WriteLine();
            WriteTable(Times(report), 3, markdown, to);
        }

        if (report.Rows.Any(row => row.Counters is not null))
        {
            to.WriteLine();
            WriteTable(Counters(report), 2, markdown, to);
        }

        foreach (var failure in report.Failures)
            to.WriteLine(markdown ? $"\n**Failed:** {failure}" : $"FAILED {failure}");
    }

    private static List<string[]> Times(BenchReport report)
    {
        List<string[]> table = [Line(report, "suite", "workload", "class", "arm64vm", "spread", "qemu", "ratio", "95 %", "native", "slow-down")];
        foreach (var row in report.Rows)
        {
            table.Add(Line(report, row.Suite, row.Name, row.Class, Median(row.OurTimes), row.OurTimes.Count > 0 ? Figure.Percent(Statistics.Spread(row.OurTimes)) : "",
                Median(row.PeerTimes), Figure.Ratio(row.Ratio), Figure.Range(row.RatioInterval), Median(row.NativeTimes), Figure.Ratio(row.SlowDown)));
        }

        if (report.HasPeer || report.HasNative)
        {
            foreach (var mean in report.Means)
                table.Add(Line(report, "geometric mean", mean.Name, "", "", "", "", Figure.Ratio(mean.Ratio), Figure.Range(mean.RatioInterval), "", Figure.Ratio(mean.SlowDown)));
        }

        return table;
    }

    /// <summary>Without the columns of a side that did not run.</summary>
    private static string[] Line(BenchReport report, params string[] cells) =>
        [.. cells[..5], .. report.HasPeer ? cells[5..8] : [], .. report.HasNative ? cells[8..10] : []];

    private static string Median(IReadOnlyList<double> times) => times.Count > 0 ? Figure.Duration(Statistics.Median(times)) : "";

    private static List<string[]> Counters(BenchReport report)
    {
        List<string[]> table = [["suite", "workload", "instructions", "translated", "bytes each", "translation", "exits"]];
        foreach (var row in report.Rows)
        {
            if (row.Counters is not { } counters)
                continue;
            var exits = counters.Exits.OrderByDescending(exit => exit.Value).Take(MostExits).Select(exit => $"{exit.Key} {Figure.Count(exit.Value)}");
            table.Add([
                row.Suite, row.Name, Figure.Count(counters.Instructions), Figure.Count(counters.Translated),
                counters.BytesPerInstruction?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                Figure.Duration(counters.TranslationMilliseconds * 1e6), string.Join(", ", exits),
            ]);
        }

        return table;
    }

    // The first columns are text, the others numbers and aligned right.
    private static void WriteTable(List<string[]> table, int texts, bool markdown, TextWriter to)
    {
        int[] widths = [.. Enumerable.Range(0, table[0].Length).Select(column => table.Max(row => row[column].Length))];
        for (var r = 0; r < table.Count; r++)
        {
            var line = new StringBuilder(markdown ? "| " : "");
            for (var i = 0; i < widths.Length; i++)
            {
                var cell = i < texts ? table[r][i].PadRight(widths[i]) : table[r][i].PadLeft(widths[i]);
                line.Append(cell).Append(markdown ? " | " : "  ");
            }

            to.WriteLine(line.ToString().TrimEnd());
            if (markdown && r == 0)
                to.WriteLine("|" + string.Concat(Enumerable.Range(0, widths.Length).Select(i => i < texts ? "---|" : "---:|")));
        }
    }
}
