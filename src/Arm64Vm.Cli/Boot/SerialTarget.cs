using Arm64Vm.Cli.Files;

namespace Arm64Vm.Cli.Boot;

/// <summary>Where the guest's serial console goes.</summary>
internal enum SerialKind
{
    Stdio,
    File,
    None,
}

/// <summary>A parsed <c>--serial</c>.</summary>
/// <param name="Kind">Where to.</param>
/// <param name="Path">The file.</param>
internal sealed record SerialTarget(SerialKind Kind, string? Path)
{
    /// <exception cref="CliException">It is not one of the forms.</exception>
    public static SerialTarget Parse(string text, string option = "--serial") => text switch
    {
        "stdio" => new SerialTarget(SerialKind.Stdio, null),
        "none" => new SerialTarget(SerialKind.None, null),
        _ when text.StartsWith("file:", StringComparison.Ordinal) && text.Length > 5 => new SerialTarget(SerialKind.File, text[5..]),
        _ => throw CliException.Usage($"{option}: '{text}' is none of stdio, file:PATH, none"),
    };

    /// <summary>Where the output goes; null: nowhere. A file is not opened yet.</summary>
    public Stream? Output(CliStreams streams) => Kind switch
    {
        SerialKind.Stdio => streams.Output,
        SerialKind.File => new OutputFile(Path!),
        _ => null,
    };
}
