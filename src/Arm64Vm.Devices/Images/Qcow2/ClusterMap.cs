using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Where the disk's clusters are: the L1 table, and the L2 tables it points to.</summary>
/// <remarks>L1 is in memory. L2 tables are cached; changed ones go to the file in <see cref="WriteTables"/>, L1 after them in <see cref="WriteRoot"/>.</remarks>
internal sealed class ClusterMap
{
    private const int MaximumCachedBytes = 16 << 20;

    private readonly ImageFile _file;
    private readonly Refcounts _refcounts;
    private readonly MetadataClusters _metadata;
    private readonly FreedClusters _freed;
    private readonly MetadataCache _tables;
    private readonly int _clusterBits;
    private readonly int _perTable;
    private readonly bool _hasZeroFlag;
    private readonly long _l1Offset;
    private readonly ulong[] _l1;
    private int _l1DirtyFrom = int.MaxValue;
    private int _l1DirtyTo;

    /// <param name="file">The image.</param>
    /// <param name="header">Of it.</param>
    /// <param name="refcounts">Where new tables come from.</param>
    /// <param name="metadata">Gets to know the tables.</param>
    /// <param name="freed">Gets what is referred to no longer.</param>
    /// <param name="commit">Writes everything in order; called where more tables are dirty than are to be held.</param>
    /// <exception cref="ImageFormatException">L1 points to where no table can be.</exception>
    public ClusterMap(ImageFile file, Qcow2Header header, Refcounts refcounts, MetadataClusters metadata, FreedClusters freed, Action commit)
    {
        (_file, _refcounts, _metadata, _freed) = (file, refcounts, metadata, freed);
        _clusterBits = header.ClusterBits;
        _perTable = header.ClusterSize / 8;
        _hasZeroFlag = header.Version >= 3;
        _tables = new MetadataCache(file, header.ClusterSize, Math.Max(4, MaximumCachedBytes >> _clusterBits), commit);
        _l1Offset = header.L1Offset;
        var bytes = new byte[header.L1Entries * 8];
        file.Read(_l1Offset, bytes);
        metadata.Add(_l1Offset, bytes.Length);
        _l1 = new ulong[header.L1Entries];
        for (var i = 0; i < _l1.Length; i++)
        {
            _l1[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * 8));
            if (_l1[i] == 0)
                continue;
            CheckL1(i);
            metadata.Add((long)(_l1[i] & OffsetMask), header.ClusterSize);
        }
    }

    public bool HasChanges => _tables.HasDirty || HasRootChanges;

    public bool HasRootChanges => _l1DirtyTo > _l1DirtyFrom;

    /// <summary>Entries of an L2 table.</summary>
    public int EntriesPerTable => _perTable;

    public IReadOnlyList<ulong> L1 => _l1;

    /// <summary>The index in its L2 table of the cluster that contains a byte of the disk.</summary>
    public int IndexOf(ulong offset) => (int)((offset >> _clusterBits) % (ulong)_perTable);

    /// <summary>The table for a byte of the disk; null: there is none, and nothing is allocated in its reach.</summary>
    public MetadataTable? Find(ulong offset) => HostOffset(offset) is not 0 and var at ? _tables.Load(at) : null;

    /// <summary>The same without waiting for the host.</summary>
    /// <returns>False where the table is not in memory.</returns>
    public bool TryFindAtOnce(ulong offset, out MetadataTable? table)
    {
        table = HostOffset(offset) is not 0 and var at ? _tables.Find(at) : null;
        return table is not null || HostOffset(offset) == 0;
    }

    /// <summary>The table for a byte of the disk, made or copied so that its entries may be changed.</summary>
    public MetadataTable FindForWrite(ulong offset)
    {
        var index = (int)((offset >> _clusterBits) / (ulong)_perTable);
        var old = _l1[index];
        if ((old & Copied) != 0)
            return _tables.Load((long)(old & OffsetMask));

        // A snapshot has the old one as well.
        var contents = old != 0 ? _tables.Load((long)(old & OffsetMask)).Bytes.ToArray() : null;
        var at = _refcounts.Allocate(1, out _);
        MetadataTable table;
        try
        {
            table = _tables.Add(at);
        }
        catch
        {
            _freed.Add(at);
            throw;
        }

        contents?.CopyTo(table.Bytes, 0);
        _metadata.Add(at, table.Bytes.Length);
        _l1[index] = (ulong)at | Copied;
        (_l1DirtyFrom, _l1DirtyTo) = (Math.Min(_l1DirtyFrom, index), Math.Max(_l1DirtyTo, index + 1));
        if (old == 0)
            return table;
        _metadata.Remove((long)(old & OffsetMask), table.Bytes.Length);
        _freed.Add((long)(old & OffsetMask));
        return table;
    }

    /// <summary>An entry, checked.</summary>
    /// <exception cref="ImageFormatException">It cannot be what it says.</exception>
    public L2Entry Read(MetadataTable table, int index)
    {
        var entry = new L2Entry(table[index]);
        switch (entry.Kind)
        {
            case ClusterKind.Compressed:
                if (entry.CompressedRange(_clusterBits).Offset >= _file.Length)
                    throw Damaged(table, index, entry);
                break;
            default:
                if ((entry.Value & ReservedL2) != 0 || (entry.HostOffset & ((1L << _clusterBits) - 1)) != 0 || entry.HostOffset >= Math.Max(_file.Length, 1)
                    || (entry.Kind == ClusterKind.Zero && !_hasZeroFlag))
                    throw Damaged(table, index, entry);
                break;
        }

        return entry;
    }

    public void Set(MetadataTable table, int index, L2Entry entry) => _tables.Set(table, index, entry.Value);

    /// <summary>Writes changed L2 tables.</summary>
    public void WriteTables() => _tables.Write();

    /// <summary>Writes what changed in L1; the tables it points to are durable by then.</summary>
    public void WriteRoot()
    {
        if (!HasRootChanges)
            return;
        var bytes = new byte[(_l1DirtyTo - _l1DirtyFrom) * 8];
        for (var i = _l1DirtyFrom; i < _l1DirtyTo; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((i - _l1DirtyFrom) * 8), _l1[i]);
        _file.Write(_l1Offset + _l1DirtyFrom * 8L, bytes);
        (_l1DirtyFrom, _l1DirtyTo) = (int.MaxValue, 0);
    }

    private long HostOffset(ulong offset) => (long)(_l1[(int)((offset >> _clusterBits) / (ulong)_perTable)] & OffsetMask);

    private void CheckL1(int index)
    {
        var (entry, at) = (_l1[index], (long)(_l1[index] & OffsetMask));
        if ((entry & ReservedL1) != 0 || at == 0 || at % (1L << _clusterBits) != 0 || at >= _file.Length || _metadata.Contains(at >> _clusterBits))
            throw Qcow2Header.Damaged(_file.Path, $"entry {index} of the L1 table, 0x{entry:x}");
    }

    private ImageFormatException Damaged(MetadataTable table, int index, L2Entry entry) =>
        Qcow2Header.Damaged(_file.Path, $"entry {index} of the L2 table at offset 0x{table.Offset:x}, 0x{entry.Value:x}");
}
