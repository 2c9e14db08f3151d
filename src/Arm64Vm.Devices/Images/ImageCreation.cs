using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Images;

/// <summary>Makes empty images.</summary>
internal static class ImageCreation
{
    /// <summary>Makes an image under a name that has no file, or replaces it at once when everything is done.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Of the image.</param>
    /// <param name="size">Bytes, a multiple of 512; null: the backing file's.</param>
    /// <param name="options">What a qcow2 image is like. The backing file must be there and be of its format.</param>
    /// <param name="replaces">A file that is there may be replaced.</param>
    /// <exception cref="ArgumentException">What is asked for cannot be; says why.</exception>
    /// <exception cref="IOException">The file is there, the backing file is not, or an error of the host.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    public static void Create(string path, DiskFormat format, ulong? size, Qcow2Options options, bool replaces)
    {
        if (format == DiskFormat.Raw && options.BackingFile is not null)
            throw new ArgumentException("A raw image has no backing file.");
        if (options.BackingFile is { } name)
        {
            var below = BackingPath.Resolve(path, name);
            if (Path.GetFullPath(below) == Path.GetFullPath(path))
                throw new ArgumentException($"'{path}' cannot be its own backing file.");
            using var backing = DiskImage.Open(below, readOnly: true, options.BackingFormat);
            if (backing.Uses(path))
                throw new ArgumentException($"'{path}' is below '{below}' already, and cannot be above it too.");
            size ??= backing.Disk.Size;
            options = options with { BackingFormat = backing.Format };
        }

        var bytes = size ?? throw new ArgumentException("An image without a backing file needs a size.");
        if (bytes % 512 != 0 || bytes == 0)
            throw new ArgumentException("A disk has a multiple of 512 bytes, and at least that.");
        if (bytes > long.MaxValue / 2)
            throw new ArgumentException("A disk of that size is impossible.");
        using var file = new NewImageFile(path, replaces);
        if (format == DiskFormat.Raw)
            file.Image.Extend((long)bytes);
        else
            Qcow2Layout.Write(file.Image, bytes, options);
        file.Finish();
    }
}
