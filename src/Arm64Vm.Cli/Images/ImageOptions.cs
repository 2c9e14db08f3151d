using System.CommandLine;
using System.CommandLine.Parsing;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Cli.Images;

/// <summary>Options that several of the image commands have.</summary>
internal static class ImageOptions
{
    public static Argument<string> File() => File("file", "The image");

    /// <summary>An argument that names a file.</summary>
    public static Argument<string> File(string name, string description)
    {
        Argument<string> file = new(name) { Description = description, HelpName = name.ToUpperInvariant() };
        NotEmpty.Require(file, "the file's name");
        return file;
    }

    public static Option<string?> Format(string name, string description) => new(name) { Description = description, HelpName = "raw|qcow2" };

    public static Option<bool> Force() => new("--force") { Description = "Replace a file that is there" };

    public static Option<bool> Json() => new("--json") { Description = "One JSON object instead of text" };

    public static Option<string> ClusterSize() => new("--cluster-size") { Description = "Of a qcow2 image: from 512 to 2M", HelpName = "SIZE", DefaultValueFactory = _ => "64K" };

    public static Option<int> RefcountBits() => new("--refcount-bits") { Description = "Of a qcow2 image: bits of a reference count, from 1 to 64", HelpName = "N", DefaultValueFactory = _ => 16 };

    public static DiskFormat? Get(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } name ? DiskOption.ParseFormat(option.Name, name) : null;

    public static Qcow2Options Qcow2(ParseResult parsed, Option<string> clusterSize, Option<int> refcountBits) => new()
    {
        ClusterSize = (int)Math.Min(ByteCount.Parse(clusterSize.Name, parsed.GetValue(clusterSize)!), int.MaxValue),
        RefcountBits = parsed.GetValue(refcountBits),
        Compression = CompressionType.Zlib,
    };
}
