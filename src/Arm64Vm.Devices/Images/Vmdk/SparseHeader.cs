using System.Buffers.Binary;

namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>The header of a hosted sparse extent ("Virtual Disk Format 5.0", "Hosted Sparse Extent Header"), checked.</summary>
internal sealed record SparseHeader
{
    public const int Size = 512;

    /// <summary>Grain directories are no larger: 16 TiB of grains of 64 KiB, half a million tables.</summary>
    private const int MaximumDirectoryEntries = 1 << 19;

    private const int MaximumTableEntries = 512;
    private const int LeastGrain = 8;
    private const int LargestGrain = 4096;
    private const ulong DirectoryAtEnd = ulong.MaxValue;
    private const uint ZeroedGrains = 1 << 2;
    private const uint CompressedGrains = 1 << 16;
    private const uint Markers = 1 << 17;
    private const int Deflate = 1;

    /// <summary>Sectors of the disk.</summary>
    public required ulong Capacity { get; init; }

    /// <summary>Sectors of a grain, a power of two.</summary>
    public required int GrainSectors { get; init; }

    /// <summary>Entries of a grain table.</summary>
    public required int TableEntries { get; init; }

    /// <summary>Where the grain directory is, in sectors.</summary>
    public required ulong Directory { get; init; }

    /// <summary>Where the descriptor is, and its sectors; (0, 0): there is none.</summary>
    public required (ulong First, ulong Sectors) Descriptor { get; init; }

    /// <summary>An entry of 1 means a grain of zeros.</summary>
    public required bool HasZeroedGrains { get; init; }

    /// <summary>Each grain is a stream of zlib behind a marker.</summary>
    public required bool IsCompressed { get; init; }

    public int GrainSize => GrainSectors * VmdkExtent.SectorSize;

    /// <summary>Sectors that a grain table stands for.</summary>
    public ulong SectorsPerTable => (ulong)GrainSectors * (ulong)TableEntries;

    public int DirectoryEntries => (int)((Capacity + SectorsPerTable - 1) / SectorsPerTable);

    /// <summary>Sectors that a grain table takes.</summary>
    public ulong TableSectors => Sectors(TableEntries * 4);

    public ulong DirectorySectors => Sectors(DirectoryEntries * 4);

    /// <summary>Reads the header, and the footer where that has the place of the grain directory.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or uses what is not supported; says what.</exception>
    public static SparseHeader Read(ImageFile file)
    {
        var bytes = new byte[Size];
        file.Read(0, bytes);
        if (Read64(bytes, 56) == DirectoryAtEnd)
        {
            // The last sectors are the footer's marker, the footer, and the marker of the end.
            var footer = new byte[Size];
            if (file.Length >= 4 * Size)
                file.Read(file.Length - (2 * Size), footer);
            if (!footer.AsSpan(0, 4).SequenceEqual("KDMV"u8) || Read64(footer, 56) == DirectoryAtEnd)
                throw ReadOnlyImage.Damaged(file.Path, "it has no footer; it may be cut off");
            if (!footer.AsSpan(4, 44).SequenceEqual(bytes.AsSpan(4, 44)))
                throw ReadOnlyImage.Damaged(file.Path, "its header and its footer do not agree");
            bytes = footer;
        }

        return Parse(bytes, file.Length, file.Path);
    }

    private static SparseHeader Parse(ReadOnlySpan<byte> bytes, long fileLength, string path)
    {
        if (!bytes.StartsWith("KDMV"u8) || fileLength < Size)
            throw ReadOnlyImage.Refused(path, "is no sparse extent of a VMDK image");
        if (Read32(bytes, 4) is not (1 or 2 or 3) and var version)
            throw ReadOnlyImage.Refused(path, $"is a VMDK image of version {version}, and only 1 to 3 are supported");
        var flags = Read32(bytes, 8);
        if ((flags & 1) != 0 && !bytes.Slice(73, 4).SequenceEqual("\n \r\n"u8))
            throw ReadOnlyImage.Damaged(path, "its line ends were changed, as by a transfer as text");
        var isCompressed = (flags & CompressedGrains) != 0;
        if (isCompressed && (flags & Markers) == 0)
            throw ReadOnlyImage.Refused(path, "has compressed grains without markers, which is not supported");
        if (isCompressed && (bytes[77] | bytes[78] << 8) is not Deflate and var method)
            throw ReadOnlyImage.Refused(path, $"is compressed in a way (method {method}) that is not supported");
        var capacity = Read64(bytes, 12);
        if (capacity is 0 or > long.MaxValue / VmdkExtent.SectorSize)
            throw ReadOnlyImage.Damaged(path, $"a disk of {capacity} sectors");
        var grain = Read64(bytes, 20);
        if (grain is < LeastGrain or > LargestGrain || !ulong.IsPow2(grain))
            throw ReadOnlyImage.Damaged(path, $"grains of {grain} sectors");
        var entries = Read32(bytes, 44);
        if (entries is 0 or > MaximumTableEntries)
            throw ReadOnlyImage.Damaged(path, $"grain tables of {entries} entries");
        if ((capacity - 1) / (grain * entries) >= MaximumDirectoryEntries)
            throw ReadOnlyImage.Damaged(path, $"a disk of {capacity} sectors, more than a grain directory can have");
        var header = new SparseHeader
        {
            Capacity = capacity,
            GrainSectors = (int)grain,
            TableEntries = (int)entries,
            Directory = Read64(bytes, 56),
            Descriptor = (Read64(bytes, 28), Read64(bytes, 36)),
            HasZeroedGrains = (flags & ZeroedGrains) != 0,
            IsCompressed = isCompressed,
        };
        header.CheckPlaces(fileLength, path);
        return header;
    }

    /// <summary>Whether sectors are those of the header, the descriptor or the grain directory.</summary>
    public bool IsTaken(ulong first, ulong sectors) =>
        first == 0 || Overlap(first, sectors, Directory, DirectorySectors) || (Descriptor.First != 0 && Overlap(first, sectors, Descriptor.First, Descriptor.Sectors));

    private static bool Overlap(ulong first, ulong sectors, ulong other, ulong otherSectors) => first < other + otherSectors && other < first + sectors;

    private void CheckPlaces(long fileLength, string path)
    {
        var sectors = (ulong)fileLength / VmdkExtent.SectorSize;
        Check("grain directory", Directory, DirectorySectors);
        if (Descriptor.First == 0)
            return;
        if (Descriptor.Sectors is 0 or > VmdkDescriptor.MaximumSize / VmdkExtent.SectorSize)
            throw ReadOnlyImage.Damaged(path, $"a descriptor of {Descriptor.Sectors} sectors");
        Check("descriptor", Descriptor.First, Descriptor.Sectors);
        if (Overlap(Directory, DirectorySectors, Descriptor.First, Descriptor.Sectors))
            throw ReadOnlyImage.Damaged(path, "the descriptor and the grain directory overlap");

        void Check(string name, ulong first, ulong length)
        {
            if (first == 0 || first > sectors || length > sectors - first)
                throw ReadOnlyImage.Damaged(path, $"the {name} at sector {first} is not within the file");
        }
    }

    private static ulong Sectors(int bytes) => ((ulong)bytes + VmdkExtent.SectorSize - 1) / VmdkExtent.SectorSize;

    private static uint Read32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong Read64(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
}
