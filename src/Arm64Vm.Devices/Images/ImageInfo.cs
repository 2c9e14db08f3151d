using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Images;

/// <summary>Facts about an image. Reading them locks nothing, so it works while a machine uses the image.</summary>
internal sealed record ImageInfo
{
    public required string Path { get; init; }

    public required DiskFormat Format { get; init; }

    /// <summary>Bytes of the disk.</summary>
    public required ulong Size { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required ulong FileSize { get; init; }

    /// <summary>Bytes that the file takes of its file system.</summary>
    public required ulong Room { get; init; }

    /// <summary>What only qcow2 has; null: the image is raw, or <see cref="Foreign"/> tells what it is.</summary>
    public Qcow2Info? Qcow2 { get; init; }

    /// <summary>Set where the image has a format that is only converted.</summary>
    public ForeignInfo? Foreign { get; init; }

    /// <exception cref="IOException">It cannot be read, or is damaged.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ImageInfo Read(string path, DiskFormat? format = null)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder.");
        using var handle = OpenUnlocked(path);
        using var file = new ImageFile(handle, path, isReadOnly: true);
        Span<byte> start = stackalloc byte[ForeignImageFormat.HeaderSize];
        file.Read(0, start);
        var found = ForeignImageFormat.Recognize(start);
        var info = new ImageInfo { Path = path, Format = DiskFormat.Raw, Size = (ulong)file.Length, FileSize = (ulong)file.Length, Room = HostFileCalls.FindRoom(handle) };
        if (format == DiskFormat.Raw || (format is null && found is null))
            return info;
        if (format is null && found is ForeignImageFormat.Vmdk or ForeignImageFormat.Vhdx)
            return Describe(path, info);
        if (format is null && found != ForeignImageFormat.Qcow2)
            throw new ImageFormatException($"'{path}' is a {found} image, which is not supported.");
        var header = Qcow2Header.Read(file);
        return info with { Format = DiskFormat.Qcow2, Size = header.Size, Qcow2 = Describe(file, header) };
    }

    private static SafeFileHandle OpenUnlocked(string path) => HostFileCalls.IsFileOrDevice(path)
        ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
        : throw FileBlockBackend.NoDisk(path);

    private static ImageInfo Describe(string path, ImageInfo info)
    {
        using var image = ImageSource.OpenForeign(path, name => new ImageFile(OpenUnlocked(name), name, isReadOnly: true));
        return info with { Size = image.Size, Foreign = new ForeignInfo { Format = image.Format, Layout = image.Layout, BlockSize = image.BlockSize, Files = image.Files } };
    }

    private static Qcow2Info Describe(ImageFile file, Qcow2Header header) => new()
    {
        Version = header.Version,
        ClusterSize = header.ClusterSize,
        RefcountBits = 1 << header.RefcountOrder,
        Compression = header.Compression,
        BackingFile = header.BackingFile,
        BackingPath = header.BackingFile is { } name ? BackingPath.TryResolve(file.Path, name) : null,
        BackingFormat = header.BackingFormat,
        IsDirty = header.IsDirty,
        IsCorrupt = header.IsCorrupt,
        HasLazyRefcounts = (header.Compatible & Qcow2Format.LazyRefcounts) != 0,
        Snapshots = SnapshotTable.Read(file, header),
    };
}

/// <summary>Facts about a VMDK or VHDX image.</summary>
internal sealed record ForeignInfo
{
    /// <summary>vmdk or vhdx.</summary>
    public required string Format { get; init; }

    /// <summary>In the format's own words.</summary>
    public required string Layout { get; init; }

    /// <summary>Bytes of the pieces in which the disk is allocated; 0: it is in one piece.</summary>
    public required ulong BlockSize { get; init; }

    /// <summary>The files, the one that was named first.</summary>
    public required IReadOnlyList<string> Files { get; init; }
}

/// <summary>Facts about a qcow2 image.</summary>
internal sealed record Qcow2Info
{
    public required int Version { get; init; }

    /// <summary>Bytes.</summary>
    public required int ClusterSize { get; init; }

    public required int RefcountBits { get; init; }

    public required CompressionType Compression { get; init; }

    /// <summary>As the image has it; null: none.</summary>
    public required string? BackingFile { get; init; }

    /// <summary>Where that is; null: none, or no file.</summary>
    public required string? BackingPath { get; init; }

    /// <summary>As the image has it; null: it does not say.</summary>
    public required string? BackingFormat { get; init; }

    /// <summary>It was not closed, and its reference counts may be wrong.</summary>
    public required bool IsDirty { get; init; }

    /// <summary>It is marked as damaged.</summary>
    public required bool IsCorrupt { get; init; }

    public required bool HasLazyRefcounts { get; init; }

    public required IReadOnlyList<ImageSnapshot> Snapshots { get; init; }
}
