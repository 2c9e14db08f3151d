namespace Arm64Vm.Devices.Images;

/// <summary>What an image says of its backing file.</summary>
internal static class BackingPath
{
    /// <summary>The path of a backing file.</summary>
    /// <param name="image">Path of the image.</param>
    /// <param name="name">As the image has it: absolute, or relative to the image's folder.</param>
    /// <exception cref="ImageFormatException">It names no file of the host.</exception>
    public static string Resolve(string image, string name)
    {
        // By "protocol:..." QEMU names what is no file.
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && !name.AsSpan(0, colon).Contains('/'))
        {
            if (!name.StartsWith("file:", StringComparison.Ordinal))
                throw new ImageFormatException($"'{PrintableText.Of(name)}' is no file, and nothing else is supported.");
            name = name["file:".Length..];
        }

        return Path.Combine(Path.GetDirectoryName(image) ?? "/", name);
    }

    /// <summary>The files below an image, from the top, as far as they can be read.</summary>
    /// <param name="image">Path of the image.</param>
    /// <param name="format">Of the image; null: what its first bytes say.</param>
    public static IEnumerable<string> Chain(string image, DiskFormat? format)
    {
        // As many as a disk may have; more are refused when it is opened.
        for (var depth = 0; depth < DiskImage.MaximumDepth && Below(image, format) is var (path, its); depth++)
        {
            yield return path;
            (image, format) = (path, its);
        }
    }

    /// <summary>The path of a backing file; null where it is no file.</summary>
    public static string? TryResolve(string image, string name)
    {
        try
        {
            return Resolve(image, name);
        }
        catch (ImageFormatException)
        {
            return null;
        }
    }

    /// <summary>The format that an image says its backing file has; null: it does not say.</summary>
    /// <exception cref="ImageFormatException">It is not supported.</exception>
    public static DiskFormat? ParseFormat(string? name) => name switch
    {
        null or "" => null,
        "raw" or "file" or "host_device" => DiskFormat.Raw,
        "qcow2" => DiskFormat.Qcow2,
        _ => throw new ImageFormatException($"Its format '{PrintableText.Of(name)}' is not supported."),
    };

    public static string NameOf(DiskFormat format) => format == DiskFormat.Qcow2 ? "qcow2" : "raw";

    private static (string Path, DiskFormat? Format)? Below(string image, DiskFormat? format)
    {
        try
        {
            return ImageInfo.Read(image, format).Qcow2 is { BackingPath: { } path } qcow2 ? (path, ParseFormat(qcow2.BackingFormat)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

}
