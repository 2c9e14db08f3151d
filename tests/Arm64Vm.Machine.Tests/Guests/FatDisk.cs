using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A disk image with one partition, a FAT16 EFI system partition, in the temporary folder.</summary>
/// <remarks>Files lie one after the other. A long name has one entry, so it has at most 13 characters.</remarks>
internal sealed class FatDisk : IDisposable
{
    private const int Sector = 512;
    private const int FirstSector = 2048;
    private const int Cluster = 2 * Sector;
    private const int ClusterCount = 60_000;
    private const int FatSectors = (ClusterCount + 2) * 2 / Sector + 1;
    private const int RootEntries = 512;
    private const int EntrySize = 32;
    private const int ReservedSectors = 1;
    private const int DataStart = (ReservedSectors + FatSectors) * Sector + RootEntries * EntrySize;
    private const int PartitionSectors = DataStart / Sector + ClusterCount * (Cluster / Sector);

    private readonly byte[] _image = new byte[(FirstSector + PartitionSectors) * Sector];
    private int _nextCluster = 2;
    private int _rootUsed;

    public FatDisk()
    {
        WritePartitionTable();
        WriteBootSector();
        SetNext(0, 0xFFF8);
        SetNext(1, 0xFFFF);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"arm64vm-fat-{Guid.NewGuid():N}.img");

    private Span<byte> Partition => _image.AsSpan(FirstSector * Sector);

    public FatDisk AddFile(string name, ReadOnlySpan<byte> contents)
    {
        AddEntry(RootDirectory(), ref _rootUsed, name, isFolder: false, Store(contents), contents.Length);
        return this;
    }

    public FatDisk AddFile(string name, string contents) => AddFile(name, Encoding.ASCII.GetBytes(contents));

    /// <summary>Adds folders one in the other, the outermost in the root, with one file in the innermost.</summary>
    public FatDisk AddFile(string[] folders, string name, ReadOnlySpan<byte> contents)
    {
        var folder = StoreFolder(name, isFolder: false, Store(contents), contents.Length);
        for (var i = folders.Length - 1; i > 0; i--)
            folder = StoreFolder(folders[i], isFolder: true, folder, 0);
        AddEntry(RootDirectory(), ref _rootUsed, folders[0], isFolder: true, folder, 0);
        return this;
    }

    public FatDisk Write()
    {
        File.WriteAllBytes(Path, _image);
        return this;
    }

    public void Dispose() => File.Delete(Path);

    private Span<byte> RootDirectory() => Partition.Slice((ReservedSectors + FatSectors) * Sector, RootEntries * EntrySize);

    private void WritePartitionTable()
    {
        const byte EfiSystemPartition = 0xEF;
        var entry = _image.AsSpan(446);
        entry[0] = 0x80; // bootable, which is where U-Boot looks first
        entry[4] = EfiSystemPartition;
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], FirstSector);
        BinaryPrimitives.WriteInt32LittleEndian(entry[12..], PartitionSectors);
        BinaryPrimitives.WriteUInt16LittleEndian(_image.AsSpan(510), 0xAA55);
    }

    private void WriteBootSector()
    {
        var boot = Partition;
        boot[0] = 0xEB;
        boot[1] = 0x3C;
        boot[2] = 0x90;
        "ARM64VM "u8.CopyTo(boot[3..]);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[11..], Sector);
        boot[13] = Cluster / Sector;
        BinaryPrimitives.WriteUInt16LittleEndian(boot[14..], ReservedSectors);
        boot[16] = 1; // one file allocation table
        BinaryPrimitives.WriteUInt16LittleEndian(boot[17..], RootEntries);
        boot[21] = 0xF8; // a fixed disk
        BinaryPrimitives.WriteUInt16LittleEndian(boot[22..], FatSectors);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[24..], 32);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[26..], 2);
        BinaryPrimitives.WriteInt32LittleEndian(boot[28..], FirstSector);
        BinaryPrimitives.WriteInt32LittleEndian(boot[32..], PartitionSectors);
        boot[36] = 0x80;
        boot[38] = 0x29; // the three fields that follow are there
        "TEST       FAT16   "u8.CopyTo(boot[43..]);
        BinaryPrimitives.WriteUInt16LittleEndian(boot[510..], 0xAA55);
    }

    private void SetNext(int cluster, int next) =>
        BinaryPrimitives.WriteUInt16LittleEndian(Partition[(ReservedSectors * Sector + cluster * 2)..], (ushort)next);

    /// <summary>Puts bytes into clusters; returns the first, 0 for an empty file.</summary>
    private int Store(ReadOnlySpan<byte> contents)
    {
        if (contents.IsEmpty)
            return 0;
        var first = _nextCluster;
        var count = (contents.Length + Cluster - 1) / Cluster;
        contents.CopyTo(Partition[(DataStart + (first - 2) * Cluster)..]);
        for (var i = 0; i < count; i++)
            SetNext(first + i, i == count - 1 ? 0xFFFF : first + i + 1);
        _nextCluster += count;
        return first;
    }

    /// <summary>Makes a folder with one entry; returns its cluster.</summary>
    private int StoreFolder(string name, bool isFolder, int cluster, int size)
    {
        var entries = new byte[Cluster];
        var used = 0;
        AddEntry(entries, ref used, name, isFolder, cluster, size);
        return Store(entries);
    }

    private static void AddEntry(Span<byte> directory, ref int used, string name, bool isFolder, int cluster, int size)
    {
        var (stem, extension) = name.LastIndexOf('.') is var dot and >= 0 ? (name[..dot], name[(dot + 1)..]) : (name, "");
        var isShort = stem.Length <= 8 && extension.Length <= 3;
        var shortName = (isShort ? stem : stem[..6] + "~1").ToUpperInvariant().PadRight(8)[..8] + extension.ToUpperInvariant().PadRight(3)[..3];
        if (!isShort)
            WriteLongName(directory.Slice(EntrySize * used++, EntrySize), name, shortName);
        var entry = directory.Slice(EntrySize * used++, EntrySize);
        Encoding.ASCII.GetBytes(shortName, entry);
        entry[11] = (byte)(isFolder ? 0x10 : 0x20);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[26..], (ushort)cluster);
        BinaryPrimitives.WriteInt32LittleEndian(entry[28..], size);
    }

    private static void WriteLongName(Span<byte> entry, string name, string shortName)
    {
        ReadOnlySpan<byte> places = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
        Assert.True(name.Length <= places.Length);
        entry[0] = 0x41; // the first and last part
        entry[11] = 0x0F;
        byte sum = 0;
        foreach (var character in shortName)
            sum = (byte)((sum >> 1 | sum << 7) + character);
        entry[13] = sum;
        for (var i = 0; i < places.Length; i++)
        {
            var value = i < name.Length ? name[i] : i == name.Length ? 0 : 0xFFFF;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[places[i]..], (ushort)value);
        }
    }
}
