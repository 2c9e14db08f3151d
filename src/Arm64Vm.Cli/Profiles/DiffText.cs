using System.Globalization;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --diff</c>.</summary>
internal static class DiffText
{
    public static void Write(ProfileDiff diff, int lines, TextWriter output)
    {
        Shares("WALL TIME", diff.Places, output);
        output.WriteLine();
        Shares("FUNCTIONS", diff.Functions.Where(row => Math.Abs(row.Change) >= 0.0005).Take(lines), output);
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"BEFORE",14} {"AFTER",14} {"CHANGE",9}  A SECOND"));
        foreach (var row in diff.Counts)
        {
            var change = row.Before == 0 ? (row.After == 0 ? "" : "new") : string.Create(CultureInfo.InvariantCulture, $"{(row.After / row.Before - 1) * 100:+0.0;-0.0} %");
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Before,14:N0} {row.After,14:N0} {change,9}  {row.Name}"));
        }
    }

    private static void Shares(string title, IEnumerable<DiffRow> rows, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"BEFORE",8} {"AFTER",8} {"POINTS",8}  {title}"));
        foreach (var row in rows)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Before * 100,7:0.0}% {row.After * 100,7:0.0}% {row.Change * 100,8:+0.0;-0.0;0.0}  {row.Name}"));
    }
}
