using Arm64Vm.Cli.Files;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --export</c>: files that are made of a profile. None is touched before the profile has been read.</summary>
internal sealed class ReportExports
{
    private const string StandardOutput = "-";

    private readonly List<(ExportFormat Format, string Path)> _files = [];

    public bool Any => _files.Count > 0;

    /// <summary>Reads values such as <c>pprof</c> and <c>speedscope=FILE</c>.</summary>
    /// <exception cref="CliException">One is none, or two go to standard output.</exception>
    public static ReportExports Parse(IEnumerable<string> values)
    {
        var exports = new ReportExports();
        foreach (var value in values)
        {
            var (name, path) = value.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (value[..at], value[(at + 1)..]) : (value, StandardOutput);
            var format = ProfileExport.Parse(name) ?? throw CliException.Usage($"--export: '{name}' is no format; there are {string.Join(", ", ProfileExport.Names)}");
            if (path.Length == 0)
                throw CliException.Usage($"--export {name}=: the file's name is missing");
            exports._files.Add((format, path));
        }

        if (exports._files.Count(file => file.Path == StandardOutput) > 1)
            throw CliException.Usage("--export: only one can go to standard output");
        return exports;
    }

    /// <exception cref="CliException">A file is also the profile, or another export's.</exception>
    public void CheckFiles(string profile, CliStreams streams)
    {
        var uses = new FileUses();
        if (streams.IsProcess)
            uses.AddStandardStreams();
        uses.Reads("FILE", profile);
        foreach (var (_, path) in _files)
            uses.Writes("--export", path == StandardOutput ? null : path);
        uses.Check();
    }

    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(Profile profile, CliStreams streams)
    {
        List<(ExportFormat Format, OutputFile? File)> outputs = [.. _files.Select(file => (file.Format, file.Path == StandardOutput ? null : new OutputFile(file.Path)))];
        try
        {
            OutputFile.Open(outputs.Select(output => output.File));
            foreach (var (format, file) in outputs)
            {
                var stream = new BufferedStream(file ?? streams.Output, 1 << 16);
                ProfileExport.Write(profile, format, stream);
                stream.Flush();
            }
        }
        finally
        {
            foreach (var (_, file) in outputs)
                file?.Dispose();
        }
    }
}
