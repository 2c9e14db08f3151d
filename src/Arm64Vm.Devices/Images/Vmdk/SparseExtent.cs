using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>A hosted sparse extent: grains that exist only where something was written, found through a grain directory and grain tables.</summary>
internal sealed class SparseExtent : VmdkExtent
{
    private const int MarkerSize = 12;
    private const uint ZeroGrain = 1;

    /// <summary>Bytes of the Adler-32 behind a stream of zlib.</summary>
    private const int TrailerSize = 4;

    private readonly ImageFile _file;
    private readonly SparseHeader _header;
    private readonly uint[] _directory;
    private readonly ulong _fileSectors;
    private readonly uint[] _table;
    private readonly byte[] _grain;
    private readonly byte[] _packed;
    private int _tableIndex = -1;
    private ulong _grainIndex = ulong.MaxValue;

    /// <param name="file">Owned from now on, if this does not throw.</param>
    /// <param name="header">Its own.</param>
    /// <exception cref="ImageFormatException">The grain directory is damaged.</exception>
    public SparseExtent(ImageFile file, SparseHeader header)
    {
        (_file, _header) = (file, header);
        _fileSectors = (ulong)file.Length / SectorSize;
        _table = new uint[header.TableEntries];

        // One byte more, to notice a stream that does not end where the grain does.
        _grain = header.IsCompressed ? new byte[header.GrainSize + 1] : [];
        _packed = header.IsCompressed ? new byte[header.GrainSize * 2] : [];
        _directory = new uint[header.DirectoryEntries];
        ReadEntries(header.Directory, _directory);
        CheckEntries(_directory, header.TableSectors, "grain table");
    }

    public override ulong Size => _header.Capacity * SectorSize;

    public override ulong BlockSize => (ulong)_header.GrainSize;

    public override int DirectoryEntries => _directory.Length;

    public override bool HasData(ulong offset, out ulong length)
    {
        var table = offset / SectorSize / _header.SectorsPerTable;
        if (_directory[table] == 0)
        {
            length = ((table + 1) * _header.SectorsPerTable * SectorSize) - offset;
            return false;
        }

        length = (ulong)_header.GrainSize - (offset % (ulong)_header.GrainSize);
        return Find(offset) != 0;
    }

    public override void Read(ulong offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var within = (int)(offset % (ulong)_header.GrainSize);
            var part = destination[..Math.Min(destination.Length, _header.GrainSize - within)];
            var sector = Find(offset);
            if (sector == 0)
                part.Clear();
            else if (_header.IsCompressed)
                Unpack(offset / (ulong)_header.GrainSize, sector).Slice(within, part.Length).CopyTo(part);
            else
                _file.Read(((long)sector * SectorSize) + within, part);
            offset += (ulong)part.Length;
            destination = destination[part.Length..];
        }
    }

    public override void Dispose() => _file.Dispose();

    /// <summary>The first sector of the grain that has an offset; 0: it is zeros.</summary>
    private uint Find(ulong offset)
    {
        var sector = offset / SectorSize;
        var index = (int)(sector / _header.SectorsPerTable);
        if (_directory[index] == 0)
            return 0;
        if (_tableIndex != index)
        {
            _tableIndex = -1;
            ReadEntries(_directory[index], _table);
            if (_header.HasZeroedGrains)
                _table.AsSpan().Replace(ZeroGrain, 0u);

            // A grain that is compressed ends somewhere in its last sector, and is checked when it is read.
            CheckEntries(_table, _header.IsCompressed ? 1 : (ulong)_header.GrainSectors, "grain");
            _tableIndex = index;
        }

        return _table[(int)(sector % _header.SectorsPerTable / (ulong)_header.GrainSectors)];
    }

    private void ReadEntries(ulong sector, uint[] entries)
    {
        _file.Read((long)sector * SectorSize, MemoryMarshal.AsBytes(entries.AsSpan()));
        if (BitConverter.IsLittleEndian)
            return;
        foreach (ref var entry in entries.AsSpan())
            entry = BinaryPrimitives.ReverseEndianness(entry);
    }

    /// <summary>Each entry that is not 0 must name sectors within the file that no other names, and that are not the header's.</summary>
    private void CheckEntries(uint[] entries, ulong sectors, string name)
    {
        var sorted = (uint[])entries.Clone();
        Array.Sort(sorted);
        ulong end = 0;
        foreach (ulong first in sorted)
        {
            if (first == 0)
                continue;
            if (first > _fileSectors || sectors > _fileSectors - first)
                throw ReadOnlyImage.Damaged(_file.Path, $"the {name} at sector {first} is beyond the end of the file");
            if (first < end || _header.IsTaken(first, sectors))
                throw ReadOnlyImage.Damaged(_file.Path, $"the {name} at sector {first} overlaps something else");
            end = first + sectors;
        }
    }

    private ReadOnlySpan<byte> Unpack(ulong index, uint sector)
    {
        if (_grainIndex == index)
            return _grain;
        _grainIndex = ulong.MaxValue;
        Span<byte> marker = stackalloc byte[MarkerSize];
        var at = (long)sector * SectorSize;
        _file.Read(at, marker);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(marker[8..]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(marker) != index * (ulong)_header.GrainSectors || length == 0 || length > _packed.Length || length > _file.Length - at - MarkerSize)
            throw ReadOnlyImage.Damaged(_file.Path, $"the marker of the grain at sector {sector}");
        _file.Read(at + MarkerSize, _packed.AsSpan(0, (int)length));

        // The last grain may end where the disk does.
        var wanted = (int)Math.Min((ulong)_header.GrainSize, Size - (index * (ulong)_header.GrainSize));
        try
        {
            using var packed = new MemoryStream(_packed, 0, (int)length);
            using var stream = new ZLibStream(packed, CompressionMode.Decompress);
            var read = stream.ReadAtLeast(_grain, _grain.Length, throwOnEndOfStream: false);

            // The runtime takes a stream that ends early for whole, with or without a checksum (RFC 1950, 2.2): so it is compared here.
            if (read < wanted || read > _header.GrainSize || length < TrailerSize
                || BinaryPrimitives.ReadUInt32BigEndian(_packed.AsSpan((int)length - TrailerSize)) != Adler32.Compute(_grain.AsSpan(0, read)))
                throw new InvalidDataException();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ImageFormatException($"The image '{_file.Path}' is damaged: the compressed grain at sector {sector}.", e);
        }

        _grainIndex = index;
        return _grain;
    }
}
