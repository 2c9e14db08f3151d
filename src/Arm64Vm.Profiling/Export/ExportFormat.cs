namespace Arm64Vm.Profiling;

/// <summary>Formats of other programs that a profile can be written in.</summary>
internal enum ExportFormat
{
    /// <summary>JSON of speedscope.app.</summary>
    Speedscope,

    /// <summary>A processed profile of profiler.firefox.com.</summary>
    Firefox,

    /// <summary>A gzipped profile.proto of pprof.</summary>
    Pprof,

    /// <summary>A line for each stack, as flamegraph.pl and many others read it.</summary>
    Collapsed,

    /// <summary>The Trace Event Format of chrome://tracing and Perfetto: what happened to the translation cache.</summary>
    Chrome,
}

/// <summary>Profiles in formats of other programs.</summary>
internal static class ProfileExport
{
    /// <summary>The formats by the names that users give.</summary>
    public static IReadOnlyList<string> Names { get; } = ["speedscope", "firefox", "pprof", "collapsed", "chrome"];

    /// <summary>The format of a name; null: there is none.</summary>
    public static ExportFormat? Parse(string name)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
                return (ExportFormat)i;
        }

        return null;
    }

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, ExportFormat format, Stream output)
    {
        switch (format)
        {
            case ExportFormat.Speedscope:
                SpeedscopeJson.Write(profile, output);
                break;
            case ExportFormat.Firefox:
                FirefoxJson.Write(profile, output);
                break;
            case ExportFormat.Pprof:
                PprofFile.Write(profile, output);
                break;
            case ExportFormat.Collapsed:
                CollapsedStacks.Write(profile, output);
                break;
            default:
                ChromeTrace.Write(profile, output);
                break;
        }
    }
}
