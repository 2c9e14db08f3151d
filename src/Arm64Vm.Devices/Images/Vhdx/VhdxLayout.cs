using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Vhdx.VhdxFormat;

namespace Arm64Vm.Devices.Images.Vhdx;

/// <summary>Where a VHDX image has what, from its headers, region tables and metadata, checked.</summary>
internal sealed record VhdxLayout
{
    private const uint RequiredRegion = 1;
    private const uint RequiredItem = 1 << 2;
    private const uint UserItem = 1;
    private const uint LeavesBlocksAllocated = 1;
    private const uint HasParent = 1 << 1;

    /// <summary>Bytes of the disk.</summary>
    public required ulong Size { get; init; }

    public required int BlockSize { get; init; }

    public required int SectorSize { get; init; }

    /// <summary>Every block is allocated and stays so.</summary>
    public required bool IsFixed { get; init; }

    /// <summary>Where the block allocation table is.</summary>
    public required VhdxRegion Bat { get; init; }

    /// <summary>Everything but the first megabyte and the blocks.</summary>
    public required IReadOnlyList<VhdxRegion> Regions { get; init; }

    /// <summary>Blocks of the disk.</summary>
    public ulong Blocks => (Size + (ulong)BlockSize - 1) / (ulong)BlockSize;

    /// <summary>Blocks between two entries of the table that are for sector bitmaps ([MS-VHDX] 2.5).</summary>
    public ulong ChunkRatio => (1ul << 23) * (ulong)SectorSize / (ulong)BlockSize;

    /// <exception cref="ImageFormatException">It is damaged, or uses what is not supported; says what.</exception>
    public static VhdxLayout Read(ImageFile file)
    {
        if (file.Length is < Unit or > MaximumFile)
            throw ReadOnlyImage.Damaged(file.Path, $"a VHDX image of {file.Length} bytes");
        var header = ReadHeader(file);
        var regions = ReadRegions(file);
        if (Read32(header, 68) > 0)
            regions.Add(new VhdxRegion("log", Guid.Empty, Read64(header, 72), Read32(header, 68)));
        CheckPlaces(regions, file);
        var metadata = Find(regions, Metadata, "metadata", file.Path);
        return ReadMetadata(file, metadata) with { Bat = Find(regions, VhdxFormat.Bat, "block allocation table", file.Path), Regions = regions };
    }

    /// <summary>[MS-VHDX] 2.2.2.</summary>
    private static byte[] ReadHeader(ImageFile file)
    {
        byte[]? current = null;
        foreach (var offset in Headers)
        {
            var header = new byte[HeaderSize];
            file.Read(offset, header);
            if (header.AsSpan().StartsWith("head"u8) && Checksum(header) == Read32(header, 4) && (current is null || Read64(header, 8) > Read64(current, 8)))
                current = header;
        }

        if (current is null)
            throw ReadOnlyImage.Damaged(file.Path, "neither of its headers is valid");
        if (BinaryPrimitives.ReadUInt16LittleEndian(current.AsSpan(66)) is not 1 and var version)
            throw ReadOnlyImage.Refused(file.Path, $"is a VHDX image of version {version}, and only 1 is supported");
        if (new Guid(current.AsSpan(48, 16)) != Guid.Empty)
            throw ReadOnlyImage.Refused(file.Path, "was not closed: its log has to be replayed first, for example by 'qemu-img check -r all'");
        return current;
    }

    /// <summary>[MS-VHDX] 2.2.3.</summary>
    private static List<VhdxRegion> ReadRegions(ImageFile file)
    {
        foreach (var offset in RegionTables)
        {
            var table = new byte[TableSize];
            file.Read(offset, table);
            if (!table.AsSpan().StartsWith("regi"u8) || Checksum(table) != Read32(table, 4))
                continue;
            if (Read32(table, 8) is > MaximumEntries and var count)
                throw ReadOnlyImage.Damaged(file.Path, $"a region table of {count} entries");
            List<VhdxRegion> regions = [];
            for (var i = 0; i < Read32(table, 8); i++)
            {
                var entry = table.AsSpan(16 + (32 * i), 32);
                var id = new Guid(entry[..16]);
                if (id != VhdxFormat.Bat && id != Metadata && (Read32(entry, 28) & RequiredRegion) != 0)
                    throw ReadOnlyImage.Refused(file.Path, $"needs what is not supported: region {id}");
                if (regions.Exists(region => region.Id == id))
                    throw ReadOnlyImage.Damaged(file.Path, $"two regions {id}");
                regions.Add(new VhdxRegion($"region {id}", id, Read64(entry, 16), Read32(entry, 24)));
            }

            return regions;
        }

        throw ReadOnlyImage.Damaged(file.Path, "neither of its region tables is valid");
    }

    private static void CheckPlaces(List<VhdxRegion> regions, ImageFile file)
    {
        ulong end = Unit;
        foreach (var region in regions.OrderBy(region => region.Offset))
        {
            if (region.Offset % Unit != 0 || region.Length % Unit != 0 || region.Length == 0)
                throw ReadOnlyImage.Damaged(file.Path, $"the {region.Name} has {region.Length} bytes at offset 0x{region.Offset:x}, no whole megabytes");
            if (region.Offset < end)
                throw ReadOnlyImage.Damaged(file.Path, $"the {region.Name} at offset 0x{region.Offset:x} overlaps something else");
            if (region.Offset > (ulong)file.Length || region.Length > (ulong)file.Length - region.Offset)
                throw ReadOnlyImage.Damaged(file.Path, $"the {region.Name} at offset 0x{region.Offset:x} is beyond the end of the file");
            end = region.Offset + region.Length;
        }
    }

    private static VhdxRegion Find(List<VhdxRegion> regions, Guid id, string name, string path) =>
        regions.Find(region => region.Id == id) ?? throw ReadOnlyImage.Damaged(path, $"it has no {name}");

    /// <summary>[MS-VHDX] 2.6.</summary>
    private static VhdxLayout ReadMetadata(ImageFile file, VhdxRegion region)
    {
        var table = new byte[TableSize];
        file.Read((long)region.Offset, table);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(10));
        if (!table.AsSpan().StartsWith("metadata"u8) || count > MaximumEntries)
            throw ReadOnlyImage.Damaged(file.Path, "its table of metadata");
        Dictionary<Guid, byte[]> items = [];
        for (var i = 0; i < count; i++)
        {
            var entry = table.AsSpan(32 + (32 * i), 32);
            var (id, flags) = (new Guid(entry[..16]), Read32(entry, 24));
            if ((flags & UserItem) != 0)
                continue;
            if (LengthOf(id) is not { } length)
            {
                if ((flags & RequiredItem) != 0)
                    throw ReadOnlyImage.Refused(file.Path, $"needs what is not supported: metadata {id}");
                continue;
            }

            var (offset, itsLength) = (Read32(entry, 16), Read32(entry, 20));
            if (offset < TableSize || offset > region.Length || itsLength > region.Length - offset || itsLength < length)
                throw ReadOnlyImage.Damaged(file.Path, $"the metadata {id} of {itsLength} bytes at offset 0x{offset:x}");
            var item = new byte[length];
            file.Read((long)(region.Offset + offset), item);
            if (!items.TryAdd(id, item))
                throw ReadOnlyImage.Damaged(file.Path, $"two metadata {id}");
        }

        return Interpret(items, file.Path);
    }

    /// <summary>The bytes of an item that are looked at; null: the item is not known.</summary>
    private static int? LengthOf(Guid id) =>
        id == FileParameters || id == VirtualDiskSize ? 8
        : id == LogicalSectorSize || id == PhysicalSectorSize ? 4
        : id == VirtualDiskId || id == ParentLocator ? 0
        : null;

    private static VhdxLayout Interpret(Dictionary<Guid, byte[]> items, string path)
    {
        var parameters = Item(FileParameters, "file parameters");
        if (items.ContainsKey(ParentLocator) || (Read32(parameters, 4) & HasParent) != 0)
            throw ReadOnlyImage.Refused(path, "has only the differences to another image, which is not supported");
        var block = Read32(parameters, 0);
        if (block is < Unit or > 256 * Unit || !uint.IsPow2(block))
            throw ReadOnlyImage.Damaged(path, $"blocks of {block} bytes");
        var sector = Read32(Item(LogicalSectorSize, "sector size"), 0);
        if (sector is not (512 or 4096))
            throw ReadOnlyImage.Damaged(path, $"sectors of {sector} bytes");
        var size = Read64(Item(VirtualDiskSize, "disk size"), 0);
        if (size is 0 or > MaximumSize || size % sector != 0)
            throw ReadOnlyImage.Damaged(path, $"a disk of {size} bytes");
        return new VhdxLayout
        {
            Size = size,
            BlockSize = (int)block,
            SectorSize = (int)sector,
            IsFixed = (Read32(parameters, 4) & LeavesBlocksAllocated) != 0,
            Bat = new VhdxRegion("", Guid.Empty, 0, 0),
            Regions = [],
        };

        byte[] Item(Guid id, string name) => items.GetValueOrDefault(id) ?? throw ReadOnlyImage.Damaged(path, $"its metadata have no {name}");
    }
}

/// <summary>A part of the file.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Id">What it is.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Bytes.</param>
internal sealed record VhdxRegion(string Name, Guid Id, ulong Offset, ulong Length);
