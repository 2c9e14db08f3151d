using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Bench.SideBySide;

internal static class ReportWriter
{
    public static void Write(Report report, ReportFormat format, TextWriter to)
    {
        if (format == ReportFormat.Json)
            WriteJson(report, to);
        else
            WriteTable(report, format == ReportFormat.Markdown, to);
    }

    private static void WriteTable(Report report, bool markdown, TextWriter to)
    {
        to.WriteLine(markdown ? $"### {report.Title}\n" : report.Title);
        foreach ((string key, string value) in report.Circumstances)
            to.WriteLine(markdown ? $"- {key}: {value}" : $"  {key}: {value}");
        to.WriteLine();
        List<string[]> rows = [["name", "class", "arm64vm", "qemu", "ratio", "best", "rounds"]];
        foreach (ReportRow row in report.Rows)
            rows.Add([row.Name, row.Class, Duration(row.Ours), Duration(row.Peer), Ratio(row.Ratio), Ratio(row.Best), $"{Ratio(row.Least)}-{Ratio(row.Greatest)}"]);
        foreach (ReportClass group in report.Classes)
            rows.Add(["geometric mean", group.Name, "", "", Ratio(group.Ratio), Ratio(group.Best), ""]);
        WriteRows(rows, markdown, to);
        foreach (string failure in report.Failures)
            to.WriteLine(markdown ? $"\n**Failed:** {failure}" : $"FAILED {failure}");
    }

    // The first two columns are text, the others numbers and aligned right.
    private static void WriteRows(List<string[]> rows, bool markdown, TextWriter to)
    {
        int[] widths = new int[rows[0].Length];
        foreach (string[] row in rows)
        {
            for (int i = 0; i < row.Length; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        }

        for (int r = 0; r < rows.Count; r++)
        {
            StringBuilder line = new(markdown ? "| " : "");
            for (int i = 0; i < widths.Length; i++)
            {
                string cell = i < 2 ? rows[r][i].PadRight(widths[i]) : rows[r][i].PadLeft(widths[i]);
                line.Append(cell).Append(markdown ? " | " : "  ");
            }

            to.WriteLine(line.ToString().TrimEnd());
            if (markdown && r == 0)
                to.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        }
    }

    private static void WriteJson(Report report, TextWriter to)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("title", report.Title);
            json.WriteStartObject("circumstances");
            foreach ((string key, string value) in report.Circumstances)
                json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteStartArray("rows");
            foreach (ReportRow row in report.Rows)
            {
                json.WriteStartObject();
                json.WriteString("name", row.Name);
                json.WriteString("class", row.Class);
                json.WriteNumber("oursNs", Math.Round(row.Ours));
                json.WriteNumber("peerNs", Math.Round(row.Peer));
                json.WriteNumber("ratio", Math.Round(row.Ratio, 4));
                json.WriteNumber("bestRatio", Math.Round(row.Best, 4));
                json.WriteNumber("leastRatio", Math.Round(row.Least, 4));
                json.WriteNumber("greatestRatio", Math.Round(row.Greatest, 4));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("geometricMeans");
            foreach (ReportClass group in report.Classes)
                json.WriteNumber(group.Name, Math.Round(group.Ratio, 4));
            json.WriteEndObject();
            json.WriteStartArray("failures");
            foreach (string failure in report.Failures)
                json.WriteStringValue(failure);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        to.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Duration(double nanoseconds) => nanoseconds switch
    {
        < 1e6 => (nanoseconds / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " us",
        < 1e9 => (nanoseconds / 1e6).ToString("0.00", CultureInfo.InvariantCulture) + " ms",
        _ => (nanoseconds / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " s",
    };
}
