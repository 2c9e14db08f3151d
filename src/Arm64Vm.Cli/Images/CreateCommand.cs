using System.CommandLine;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Images;

/// <summary><c>arm64vm image create</c>.</summary>
internal static class CreateCommand
{
    public static Command Make()
    {
        var file = ImageOptions.File();
        Argument<string?> size = new("size") { Description = "Of the disk, such as 20G; with --backing it may be left out", HelpName = "SIZE", Arity = ArgumentArity.ZeroOrOne };
        var format = ImageOptions.Format("--format", "Format of the image; qcow2 unless the file's name ends with .img or .raw");
        Option<string?> backing = new("--backing") { Description = "An image that the new one shows where nothing was written; it is never changed. A relative path is kept relative to the new image's folder", HelpName = "FILE" };
        var backingFormat = ImageOptions.Format("--backing-format", "Format of the backing file; recognized if not given, and kept in the image");
        var clusterSize = ImageOptions.ClusterSize();
        var refcountBits = ImageOptions.RefcountBits();
        var force = ImageOptions.Force();
        var command = new Command("create", "Makes an empty disk image.") { file, size, format, backing, backingFormat, clusterSize, refcountBits, force };
        command.SetAction(parsed => ImageCommand.Run(() =>
        {
            var path = parsed.GetValue(file)!;
            var options = ImageOptions.Qcow2(parsed, clusterSize, refcountBits) with
            {
                BackingFile = parsed.GetValue(backing) is { } below ? SeenFrom(path, below) : null,
                BackingFormat = ImageOptions.Get(parsed, backingFormat),
            };
            ulong? bytes = parsed.GetValue(size) is { } text ? ByteCount.Parse("size", text) : null;
            ImageCreation.Create(path, ImageOptions.Get(parsed, format) ?? FormatOf(path), bytes, options, parsed.GetValue(force));
        }));
        return command;
    }

    /// <summary>The format that a new file's name suggests.</summary>
    public static DiskFormat FormatOf(string path) => Path.GetExtension(path) is ".img" or ".raw" ? DiskFormat.Raw : DiskFormat.Qcow2;

    /// <summary>A path from the working directory, as an image in another folder has to write it.</summary>
    private static string SeenFrom(string image, string path)
    {
        if (path.Length == 0)
            throw CliException.Usage("--backing: names no file");
        var folder = Path.GetDirectoryName(Path.GetFullPath(image))!;
        return Path.IsPathRooted(path) ? path : Path.GetRelativePath(folder, Path.GetFullPath(path));
    }
}
