using System.Text;
using System.Text.Json;
using Arm64Vm.Cli.Files;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>Where a report goes, and what it is compared with.</summary>
internal sealed record BenchOutput
{
    /// <summary>JSON goes to standard output, and no tables.</summary>
    public bool PrintsJson { get; init; }

    public string? JsonFile { get; init; }

    public string? HtmlFile { get; init; }

    public bool Markdown { get; init; }

    /// <summary>The JSON of an earlier run; null: none.</summary>
    public string? BaselineFile { get; init; }

    /// <summary>The earlier run's workloads; null: there is none. Before anything is measured, so that a mistake costs no time.</summary>
    /// <exception cref="CliException">The file is not there or is something else.</exception>
    public List<BenchRow>? ReadBaseline()
    {
        if (BaselineFile is null)
            return null;
        try
        {
            if (Directory.Exists(BaselineFile))
                throw new IOException("it is a folder");
            return JsonReport.Read(File.ReadAllText(BaselineFile));
        }
        catch (JsonException)
        {
            throw CliException.Failure($"--baseline: '{BaselineFile}' is no document of 'arm64vm bench --json'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw CliException.Failure($"--baseline: '{BaselineFile}': {e.Message}");
        }
    }

    /// <summary>Writes it; returns whether something has become slower than it was.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public bool Write(BenchReport report, List<BenchRow>? earlier, CliStreams streams)
    {
        var document = JsonReport.Write(report);
        if (PrintsJson)
            streams.Text.WriteLine(document);
        else
            TextReport.Write(report, Markdown, streams.Text);
        WriteFile(JsonFile, document + "\n");
        WriteFile(HtmlFile, HtmlReport.Write(report));
        if (earlier is null)
            return false;
        var comparison = Baseline.Compare(earlier, report.Rows);
        comparison.Write(BaselineFile!, PrintsJson ? streams.Error : streams.Text);
        return comparison.HasRegression;
    }

    /// <summary>Finds before anything is measured that a report could not be written. Nothing is made or changed.</summary>
    /// <exception cref="CliException">A file cannot be written.</exception>
    public void CheckFiles()
    {
        foreach (var (option, name) in new[] { ("--json", JsonFile), ("--html", HtmlFile) })
        {
            if (name is null)
                continue;
            if (Directory.Exists(name))
                throw CliException.Failure($"{option}: '{name}' is a folder");
            if (Path.GetDirectoryName(Path.GetFullPath(name)) is { } folder && !Directory.Exists(folder))
                throw CliException.Failure($"{option}: there is no folder '{folder}'");
            try
            {
                if (File.Exists(name))
                    File.OpenHandle(name, FileMode.Open, FileAccess.Write, FileShare.ReadWrite).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw CliException.Failure($"{option}: '{name}' cannot be written");
            }
        }
    }

    private static void WriteFile(string? name, string text)
    {
        if (name is null)
            return;
        using var file = new OutputFile(name);
        OutputFile.Open(file);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
