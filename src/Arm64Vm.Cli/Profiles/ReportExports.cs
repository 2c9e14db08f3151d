using Arm64Vm.Cli.Files;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --export</c> and <c>--html</c>: files that are made of a profile. None is touched before the profile has been read.</summary>
internal sealed class ReportExports
{
    private const string StandardOutput = "-";

    private readonly List<Made> _files = [];

    public bool Any => _files.Count > 0;

    /// <summary>A file, or standard output.</summary>
    private readonly record struct Made(string Option, string Path, Action<Profile, Stream> Write);

    /// <summary>Reads values such as <c>pprof</c> and <c>speedscope=FILE</c>.</summary>
    /// <exception cref="CliException">One is none, or two go to standard output.</exception>
    public static ReportExports Parse(IEnumerable<string> values, string? page)
    {
        var exports = new ReportExports();
        foreach (var value in values)
        {
            var (name, path) = value.IndexOf('=', StringComparison.Ordinal) is >= 0 and var at ? (value[..at], value[(at + 1)..]) : (value, StandardOutput);
            var format = ProfileExport.Parse(name) ?? throw CliException.Usage($"--export: '{name}' is no format; there are {string.Join(", ", ProfileExport.Names)}");
            if (path.Length == 0)
                throw CliException.Usage($"--export {name}=: the file's name is missing");
            exports._files.Add(new Made("--export", path, (profile, stream) => ProfileExport.Write(profile, format, stream)));
        }

        if (page is not null)
            exports._files.Add(new Made("--html", page, ReportPage.Write));

        if (exports._files.Count(file => file.Path == StandardOutput) > 1)
            throw CliException.Usage("only one of --export and --html can go to standard output");
        return exports;
    }

    /// <exception cref="CliException">A file is also the profile, or another export's.</exception>
    public void CheckFiles(string profile, CliStreams streams)
    {
        var uses = new FileUses();
        if (streams.IsProcess)
            uses.AddStandardStreams();
        uses.Reads("FILE", profile);
        foreach (var file in _files)
            uses.Writes(file.Option, file.Path == StandardOutput ? null : file.Path);
        uses.Check();
    }

    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(Profile profile, CliStreams streams)
    {
        List<(Made Made, OutputFile? File)> outputs = [.. _files.Select(file => (file, file.Path == StandardOutput ? null : new OutputFile(file.Path)))];
        try
        {
            OutputFile.Open(outputs.Select(output => output.File));
            foreach (var (made, file) in outputs)
            {
                if (file is null)
                    Write(streams.Output);
                else
                    file.WriteWhole(Write);

                void Write(Stream output)
                {
                    var stream = new BufferedStream(output, 1 << 16);
                    made.Write(profile, stream);
                    stream.Flush();
                }
            }
        }
        finally
        {
            foreach (var (_, file) in outputs)
                file?.Dispose();
        }
    }
}
