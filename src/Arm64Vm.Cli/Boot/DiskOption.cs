using Arm64Vm.Devices.Images;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--disk FILE[,readonly|,snapshot][,format=raw|qcow2]</c>. What is not one of these at the end belongs to the file's name.</summary>
internal static class DiskOption
{
    public const string Syntax = "FILE[,readonly|,snapshot][,format=raw|qcow2]";

    /// <exception cref="CliException">The text names no file or no such format.</exception>
    public static DiskConfig Parse(string text)
    {
        var (path, mode, format) = (text, DiskMode.ReadWrite, default(DiskFormat?));
        while (path.LastIndexOf(',') is >= 0 and var comma)
        {
            var option = path[(comma + 1)..];
            if (option == "readonly")
                mode = DiskMode.ReadOnly;
            else if (option == "snapshot")
                mode = DiskMode.Snapshot;
            else if (option.StartsWith("format=", StringComparison.Ordinal))
                format = ParseFormat("--disk", option["format=".Length..]);
            else
                break;
            path = path[..comma];
        }

        return path.Length > 0 ? new DiskConfig(path, mode, format) : throw CliException.Usage($"--disk: '{text}' names no file");
    }

    /// <exception cref="CliException">It is none that there is.</exception>
    public static DiskFormat ParseFormat(string option, string name) => name switch
    {
        "raw" => DiskFormat.Raw,
        "qcow2" => DiskFormat.Qcow2,
        _ => throw CliException.Usage($"{option}: '{name}' is no disk format; raw and qcow2 are"),
    };
}
