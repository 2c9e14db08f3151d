using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Images;

/// <summary>An image that is open: locked, with its backing files, ready to be a disk.</summary>
internal sealed class DiskImage : IDisposable
{
    /// <summary>Images on top of each other.</summary>
    internal const int MaximumDepth = 64;

    private readonly IDisposable _owner;

    private DiskImage(IBlockBackend disk, IDisposable owner, DiskFormat format, string path, DiskImage? backing)
    {
        (Disk, _owner, Format, Path, Backing) = (disk, owner, format, path, backing);
    }

    /// <summary>The disk; valid until the image is disposed of.</summary>
    public IBlockBackend Disk { get; }

    public DiskFormat Format { get; }

    /// <summary>As given, or as the image above has it, from the working directory.</summary>
    public string Path { get; }

    /// <summary>The image below; null: there is none. It is disposed of with this one.</summary>
    public DiskImage? Backing { get; }

    /// <summary>What was found to be damaged since the image, or one below it, was opened, as a sentence; null: nothing.</summary>
    public string? Damage => Qcow2?.Damage ?? Backing?.Damage;

    internal Qcow2Image? Qcow2 => _owner as Qcow2Image;

    /// <summary>Opens an image and, only to be read, every image below it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="readOnly">Any number of readers, or one writer.</param>
    /// <param name="format">Null: what the file's first bytes say. Then the guest may not write a header of another format to a raw image, which would be believed the next time.</param>
    /// <exception cref="IOException">It cannot be opened, is in use, damaged, or not supported; says which.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not open it.</exception>
    public static DiskImage Open(string path, bool readOnly, DiskFormat? format = null) => Open(path, readOnly, format, []);

    /// <summary>The format that a file's first bytes say; raw where they say nothing.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static DiskFormat Recognize(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"The disk '{path}' is a folder.");
        if (!HostFileCalls.IsFileOrDevice(path))
            throw FileBlockBackend.NoDisk(path);
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return HostFileCalls.FindEnd(file) is not null ? Recognize(file) : throw FileBlockBackend.NoDisk(path);
    }

    /// <summary>The file is this image or one below it, whatever links lie between; false for one that is not there.</summary>
    public bool Uses(string path)
    {
        var real = HostFileCalls.FindRealPath(path);
        for (var at = this; at is not null && real is not null; at = at.Backing)
        {
            if (HostFileCalls.FindRealPath(at.Path) == real)
                return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    private static DiskFormat Recognize(SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[ForeignImageFormat.HeaderSize];
        var length = RandomAccess.Read(file, header, 0);
        return ForeignImageFormat.Recognize(header[..length]) == ForeignImageFormat.Qcow2 ? DiskFormat.Qcow2 : DiskFormat.Raw;
    }

    private static DiskImage Open(string path, bool readOnly, DiskFormat? format, IReadOnlyList<string> above)
    {
        var real = HostFileCalls.FindRealPath(path) ?? path;
        if (above.Contains(real))
            throw new IOException($"The image '{path}' is its own backing file.");
        if (above.Count >= MaximumDepth)
            throw new IOException($"More than {MaximumDepth} images on top of each other.");
        var file = FileBlockBackend.OpenLocked(path, readOnly);
        try
        {
            if ((format ?? Recognize(file)) == DiskFormat.Qcow2)
                return OpenQcow2(file, path, readOnly, [.. above, real]);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        var raw = new FileBlockBackend(file, path, readOnly, isKnownRaw: format == DiskFormat.Raw);
        return new DiskImage(format is null && !readOnly ? new RecognizedRawDisk(raw) : raw, raw, DiskFormat.Raw, path, null);
    }

    private static DiskImage OpenQcow2(SafeFileHandle handle, string path, bool readOnly, IReadOnlyList<string> above)
    {
        var file = new ImageFile(handle, path, readOnly);
        var header = Qcow2Header.Read(file);
        if (header is { IsDirty: true, IsCorrupt: false } && !readOnly)
        {
            // Its writer did not close it and left its reference counts to be rebuilt.
            Qcow2Repair.Run(file);
            header = Qcow2Header.Read(file);
        }

        var backing = OpenBacking(path, header, above);
        try
        {
            var image = new Qcow2Image(file, header, backing?.Disk, backing);
            return new DiskImage(image, image, DiskFormat.Qcow2, path, backing);
        }
        catch
        {
            backing?.Dispose();
            throw;
        }
    }

    private static DiskImage? OpenBacking(string path, Qcow2Header header, IReadOnlyList<string> above)
    {
        if (header.BackingFile is not { } name)
            return null;
        try
        {
            return Open(BackingPath.Resolve(path, name), readOnly: true, BackingPath.ParseFormat(header.BackingFormat), above);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The backing file of '{path}' cannot be used. {e.Message}", e);
        }
    }
}
