using System.Buffers.Binary;
using System.Text;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>The header of an image, checked: every number in it is within the format's bounds.</summary>
internal sealed record Qcow2Header
{
    public required int Version { get; init; }

    public required int ClusterBits { get; init; }

    /// <summary>Bytes of the disk as the header has them.</summary>
    public required ulong Size { get; init; }

    public required int L1Entries { get; init; }

    public required long L1Offset { get; init; }

    public required long RefcountTableOffset { get; init; }

    public required int RefcountTableClusters { get; init; }

    /// <summary>A reference count has 1 &lt;&lt; this bits.</summary>
    public required int RefcountOrder { get; init; }

    public int SnapshotCount { get; init; }

    public long SnapshotsOffset { get; init; }

    public ulong Incompatible { get; init; }

    public ulong Compatible { get; init; }

    public ulong Autoclear { get; init; }

    public CompressionType Compression { get; init; }

    /// <summary>As the image has it: relative to the image's folder, unless it begins with a slash; null: none.</summary>
    public string? BackingFile { get; init; }

    /// <summary>"raw", "qcow2" or something else; null: not said.</summary>
    public string? BackingFormat { get; init; }

    /// <summary>Bytes of the bitmap directory and where it is; (0, 0) where there is none.</summary>
    public (long Size, long Offset, uint Count) Bitmaps { get; init; }

    public int ClusterSize => 1 << ClusterBits;

    public bool IsDirty => (Incompatible & Dirty) != 0;

    public bool IsCorrupt => (Incompatible & Corrupt) != 0;

    /// <summary>Reads and checks a header.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or uses what is not supported; says what.</exception>
    public static Qcow2Header Read(ImageFile file)
    {
        var start = new byte[Math.Min(file.Length, 1 << MaximumClusterBits)];
        file.Read(0, start);
        return Parse(start, file.Length, file.Path);
    }

    /// <param name="start">The first bytes of the file: the first cluster, or all there is.</param>
    /// <param name="fileLength">Bytes of the file.</param>
    /// <param name="path">For messages.</param>
    public static Qcow2Header Parse(ReadOnlySpan<byte> start, long fileLength, string path)
    {
        if (start.Length < HeaderSizeV2 || Read32(start, 0) != Magic)
            throw Refuse(path, "is no qcow2 image");
        var version = Read32(start, 4);
        if (version is not (2 or 3))
            throw Refuse(path, $"is a qcow2 image of version {version}, and only 2 and 3 are supported");
        var clusterBits = Read32(start, 20);
        if (clusterBits is < MinimumClusterBits or > MaximumClusterBits)
            throw Damaged(path, $"clusters of 2^{clusterBits} bytes");
        var cluster = 1 << (int)clusterBits;
        var first = start[..Math.Min(start.Length, cluster)];
        var extra = version == 3 ? ReadVersion3(first, path) : VersionFields.OfVersion2;
        var extensions = HeaderExtensions.Read(first[..EndOfExtensions(first)], Math.Min(extra.HeaderLength, first.Length), path);
        RefuseFeatures(extra.Incompatible, extensions, path);
        if (Read32(start, 32) is not 0 and var method)
            throw Refuse(path, $"is encrypted (method {method}), which is not supported");
        var header = new Qcow2Header
        {
            Version = (int)version,
            ClusterBits = (int)clusterBits,
            Size = Read64(start, SizeField),
            L1Entries = (int)Math.Min(Read32(start, L1Field), int.MaxValue),
            L1Offset = (long)Math.Min(Read64(start, 40), long.MaxValue),
            RefcountTableOffset = (long)Math.Min(Read64(start, RefcountTableField), long.MaxValue),
            RefcountTableClusters = (int)Math.Min(Read32(start, 56), int.MaxValue),
            SnapshotCount = (int)Math.Min(Read32(start, 60), int.MaxValue),
            SnapshotsOffset = (long)Math.Min(Read64(start, 64), long.MaxValue),
            Incompatible = extra.Incompatible,
            Compatible = extra.Compatible,
            Autoclear = extra.Autoclear,
            RefcountOrder = extra.RefcountOrder,
            Compression = extra.Compression,
            BackingFile = ReadBackingFile(first, path),
            BackingFormat = extensions.BackingFormat,
            Bitmaps = (extra.Autoclear & BitmapsValid) != 0 ? extensions.Bitmaps : default,
        };
        header.CheckTables(fileLength, path);
        return header;
    }

    public static ImageFormatException Damaged(string path, string what) => new($"The image '{path}' is damaged: {what}.");

    private static ImageFormatException Refuse(string path, string what) => new($"The image '{path}' {what}.");

    private static uint Read32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32BigEndian(bytes[offset..]);

    private static ulong Read64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64BigEndian(bytes[offset..]);

    private static VersionFields ReadVersion3(ReadOnlySpan<byte> first, string path)
    {
        if (first.Length < HeaderSizeV3)
            throw Damaged(path, "the header is cut off");
        var length = Read32(first, 100);
        if (length < HeaderSizeV3 || length % 8 != 0 || length > first.Length)
            throw Damaged(path, $"a header of {length} bytes");
        var order = Read32(first, 96);
        if (order > 6)
            throw Damaged(path, $"reference counts of 2^{order} bits");
        var incompatible = Read64(first, IncompatibleField);
        var compression = length > HeaderSizeV3 ? first[HeaderSizeV3] : (byte)0;
        if (compression > (byte)CompressionType.Zstd)
            throw Refuse(path, $"is compressed in a way (type {compression}) that is not supported");
        if (((incompatible & CompressionTypeField) != 0) != (compression != 0))
            throw Damaged(path, "the compression type and its feature bit do not agree");
        return new VersionFields(incompatible, Read64(first, 80), Read64(first, AutoclearField), (int)order, (int)length, (CompressionType)compression);
    }

    /// <summary>Extensions end where the name of the backing file begins, if there is one.</summary>
    private static int EndOfExtensions(ReadOnlySpan<byte> first) => Read64(first, 8) is not 0 and var name ? (int)Math.Min(name, (ulong)first.Length) : first.Length;

    private static void RefuseFeatures(ulong incompatible, HeaderExtensions extensions, string path)
    {
        var unknown = incompatible & ~SupportedIncompatible;
        if (unknown == 0)
            return;
        List<string> names = [];
        for (var bit = 0; bit < 64; bit++)
        {
            if ((unknown & (1ul << bit)) == 0)
                continue;
            names.Add((1ul << bit) switch
            {
                ExternalData => "external data file",
                ExtendedL2 => "extended L2 entries",
                _ => extensions.IncompatibleNames.GetValueOrDefault(bit) ?? $"unknown feature {bit}",
            });
        }

        throw Refuse(path, $"needs what is not supported: {string.Join(", ", names)}");
    }

    private static string? ReadBackingFile(ReadOnlySpan<byte> first, string path)
    {
        var (offset, size) = (Read64(first, 8), Read32(first, 16));
        if (offset == 0)
            return null;
        if (size > MaximumBackingName || offset > (ulong)first.Length || size > (ulong)first.Length - offset)
            throw Damaged(path, "the name of its backing file is not within the first cluster");
        var name = first.Slice((int)offset, (int)size);
        if (name.IndexOf((byte)0) >= 0)
            throw Damaged(path, "the name of its backing file contains a zero byte");
        return size == 0 ? null : Encoding.UTF8.GetString(name);
    }

    private void CheckTables(long fileLength, string path)
    {
        if (Size > long.MaxValue / 2)
            throw Damaged(path, $"a disk of {Size} bytes");
        var perTable = (ulong)ClusterSize / 8 * (ulong)ClusterSize;
        var needed = Size / perTable + (Size % perTable != 0 ? 1ul : 0);
        if (L1Entries * 8L > MaximumL1Bytes)
            throw Damaged(path, $"an L1 table of {L1Entries} entries");
        if ((ulong)L1Entries < needed)
            throw Damaged(path, $"an L1 table of {L1Entries} entries, where the disk needs {needed}");
        CheckTable("L1 table", L1Offset, L1Entries * 8L, fileLength, path);
        if (RefcountTableClusters == 0 || (long)RefcountTableClusters << ClusterBits > MaximumRefcountTableBytes)
            throw Damaged(path, $"a refcount table of {RefcountTableClusters} clusters");
        CheckTable("refcount table", RefcountTableOffset, (long)RefcountTableClusters << ClusterBits, fileLength, path);
        if (SnapshotCount > MaximumSnapshots)
            throw Damaged(path, $"{SnapshotCount} snapshots");
        if (SnapshotCount > 0)
            CheckTable("snapshot table", SnapshotsOffset, SnapshotCount * 40L, fileLength, path);
    }

    private void CheckTable(string name, long offset, long bytes, long fileLength, string path)
    {
        if (bytes == 0)
            return;
        if (offset == 0 || offset % ClusterSize != 0)
            throw Damaged(path, $"the {name} is at offset 0x{offset:x}");
        if (offset > fileLength || bytes > fileLength - offset)
            throw Damaged(path, $"the {name} at offset 0x{offset:x} is beyond the end of the file");
    }

    /// <summary>What version 3 added.</summary>
    private readonly record struct VersionFields(ulong Incompatible, ulong Compatible, ulong Autoclear, int RefcountOrder, int HeaderLength, CompressionType Compression)
    {
        public static VersionFields OfVersion2 => new(0, 0, 0, 4, HeaderSizeV2, CompressionType.Zlib);
    }
}
