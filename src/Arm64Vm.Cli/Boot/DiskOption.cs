using Arm64Vm.Devices.Images;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--disk FILE[,readonly|,snapshot][,format=raw|qcow2][,bus=mmio|pci]</c>. What is not one of these at the end belongs to the file's name.</summary>
internal static class DiskOption
{
    public const string Syntax = "FILE[,readonly|,snapshot][,format=raw|qcow2][,bus=mmio|pci]";

    /// <exception cref="CliException">The text names no file or no such format.</exception>
    public static DiskConfig Parse(string text)
    {
        var (path, mode, format, bus) = (text, default(DiskMode?), default(DiskFormat?), default(VirtioBus?));
        while (path.LastIndexOf(',') is >= 0 and var comma)
        {
            var option = path[(comma + 1)..];
            DiskMode? chosen = option switch { "readonly" => DiskMode.ReadOnly, "snapshot" => DiskMode.Snapshot, _ => null };
            if (chosen is not null)
                mode = mode is null || mode == chosen ? chosen : throw CliException.Usage($"--disk: '{text}' is both readonly and snapshot");
            else if (option.StartsWith("format=", StringComparison.Ordinal))
                format = ParseFormat("--disk", option["format=".Length..]);
            else if (option.StartsWith("bus=", StringComparison.Ordinal))
                bus = NetworkOption.ParseBus("--disk", option["bus=".Length..]);
            else if (File.Exists(path) || !File.Exists(path[..comma]))
                break;
            else
                throw CliException.Usage($"--disk: there is no file '{path}', and '{option}' is no option; readonly, snapshot, format= and bus= are");
            path = path[..comma];
        }

        return path.Length > 0 ? new DiskConfig(path, mode ?? DiskMode.ReadWrite, format) { Bus = bus } : throw CliException.Usage($"--disk: '{text}' names no file");
    }

    /// <summary>What a user should know of a disk before the guest writes to it; null: nothing.</summary>
    public static string? Note(DiskConfig disk)
    {
        const int SectorSize = 512;
        if (disk.Mode != DiskMode.ReadWrite || !File.Exists(disk.Path) || new FileInfo(disk.Path).Length is var length && length % SectorSize == 0)
            return null;
        try
        {
            if ((disk.Format ?? DiskImage.Recognize(disk.Path)) != DiskFormat.Raw)
                return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The machine says what is wrong when it opens the disk.
            return null;
        }

        var rest = SectorSize - length % SectorSize;
        return $"the disk '{disk.Path}' has {length} bytes, which are no whole number of sectors: the guest finds {rest} zeros behind them, and the file grows by {rest} bytes if it writes the last sector";
    }

    /// <exception cref="CliException">It is none that there is.</exception>
    public static DiskFormat ParseFormat(string option, string name) => name switch
    {
        "raw" => DiskFormat.Raw,
        "qcow2" => DiskFormat.Qcow2,
        _ => throw CliException.Usage($"{option}: '{name}' is no disk format; raw and qcow2 are"),
    };
}
