using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>How often each host cluster is referred to: a table of blocks of counts. Gives clusters out, and takes them back.</summary>
/// <remarks>
/// Counts in the file are never below the references in the file: a count is raised before what refers to the cluster is written, and lowered only
/// after what referred to it has been overwritten for good. So whenever the process dies, clusters may be lost, but none has two owners.
/// </remarks>
internal sealed class Refcounts
{
    private const int MaximumCachedBytes = 4 << 20;

    private readonly ImageFile _file;
    private readonly MetadataClusters _metadata;
    private readonly MetadataCache _blocks;
    private readonly RefcountBlock _counts;
    private readonly int _clusterBits;
    private readonly int _perBlock;
    private readonly SortedSet<int> _newEntries = [];
    private ulong[] _table;
    private long _tableOffset;

    /// <summary>No cluster before this one is free.</summary>
    private long _hint = 1;

    /// <exception cref="ImageFormatException">The table points to where no block can be.</exception>
    public Refcounts(ImageFile file, Qcow2Header header, MetadataClusters metadata)
    {
        _file = file;
        _metadata = metadata;
        _clusterBits = header.ClusterBits;
        _counts = new RefcountBlock(header.RefcountOrder);
        _perBlock = _counts.CountsIn(header.ClusterSize);
        _blocks = new MetadataCache(file, header.ClusterSize, Math.Max(4, MaximumCachedBytes >> _clusterBits), WriteBlocks);
        _tableOffset = header.RefcountTableOffset;
        var bytes = new byte[(long)header.RefcountTableClusters << _clusterBits];
        file.Read(_tableOffset, bytes);
        _table = new ulong[bytes.Length / 8];
        metadata.Add(_tableOffset, bytes.Length);
        for (var i = 0; i < _table.Length; i++)
        {
            _table[i] = BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(i * 8));
            if (_table[i] == 0)
                continue;
            CheckBlock(i);
            metadata.Add((long)_table[i], header.ClusterSize);
        }
    }

    /// <summary>The highest count there can be.</summary>
    public ulong Maximum => _counts.Maximum;

    /// <summary>Clusters that the table as it is can count.</summary>
    public long Reach => (long)_table.Length * _perBlock;

    /// <summary>The cluster after the last one taken since the image was opened.</summary>
    public long End { get; private set; }

    /// <summary>Something is to be written.</summary>
    public bool HasChanges => _blocks.HasDirty || _newEntries.Count > 0;

    public long TableOffset => _tableOffset;

    /// <summary>Offsets of the blocks there are.</summary>
    public IEnumerable<long> Blocks => _table.Where(entry => entry != 0).Select(entry => (long)entry);

    /// <summary>Bytes of the table.</summary>
    public long TableBytes => _table.Length * 8L;

    private int ClusterSize => 1 << _clusterBits;

    /// <summary>Clusters whose count is not 0, in order.</summary>
    public IEnumerable<long> Taken
    {
        get
        {
            HashSet<ulong> seen = [0];
            for (var region = 0; region < _table.Length; region++)
            {
                // Several entries may point to one block in a damaged image; it is looked at once.
                if (!seen.Add(_table[region]) || Block(region).Bytes.AsSpan().IndexOfAnyExcept((byte)0) < 0)
                    continue;
                for (var index = 0; index < _perBlock; index++)
                {
                    if (_counts.Read(Block(region).Bytes, index) != 0)
                        yield return ((long)region * _perBlock) + index;
                }
            }
        }
    }

    /// <summary>There is a block that counts a cluster.</summary>
    public bool IsCovered(long cluster) => cluster / _perBlock < _table.Length && _table[cluster / _perBlock] != 0;

    /// <summary>One block counts both clusters.</summary>
    public bool CountsTogether(long cluster, long other) => cluster / _perBlock == other / _perBlock;

    /// <summary>A cluster is a part of the table or of a block.</summary>
    public bool IsOwn(long cluster)
    {
        var offset = cluster << _clusterBits;
        return (offset >= _tableOffset && offset < _tableOffset + TableBytes) || Array.IndexOf(_table, (ulong)offset) >= 0;
    }

    public ulong Get(long cluster)
    {
        var region = cluster / _perBlock;
        return region >= _table.Length || _table[region] == 0 ? 0 : _counts.Read(Block((int)region).Bytes, (int)(cluster % _perBlock));
    }

    /// <summary>Sets a count, where there is a block for it; <see cref="Cover(long)"/> sees to that.</summary>
    public void Set(long cluster, ulong value)
    {
        var block = Block((int)(cluster / _perBlock));
        var (from, length) = _counts.Write(block.Bytes, (int)(cluster % _perBlock), value);
        _blocks.Touch(block, from, length);
        if (value == 0)
            _hint = Math.Min(_hint, cluster);
        else
            End = Math.Max(End, cluster + 1);
    }

    /// <summary>One reference more to a cluster that has some.</summary>
    public void Increment(long cluster) => Set(cluster, Get(cluster) + 1);

    /// <summary>One reference less. Only when nothing in the file refers to the cluster any more.</summary>
    /// <returns>True where it was the last.</returns>
    /// <exception cref="ImageFormatException">There was none.</exception>
    public bool Decrement(long cluster)
    {
        var count = Get(cluster);
        if (count == 0)
            throw Qcow2Header.Damaged(_file.Path, $"the cluster at offset 0x{cluster << _clusterBits:x} is in use, and its reference count is 0");
        Set(cluster, count - 1);
        return count == 1;
    }

    /// <summary>Takes up to <paramref name="wanted"/> free clusters that follow each other; their counts become 1.</summary>
    /// <returns>The first one's offset.</returns>
    /// <exception cref="ImageFormatException">A cluster that holds metadata counts as free.</exception>
    /// <exception cref="IOException">The image cannot become larger, or an error of the host.</exception>
    public long Allocate(int wanted, out int count)
    {
        while (true)
        {
            if (_hint >= (long)OffsetMask >> _clusterBits)
                throw new IOException($"The image '{_file.Path}' cannot become larger.");
            Cover(_hint);
            var block = Block((int)(_hint / _perBlock));
            var (index, end) = ((int)(_hint % _perBlock), _perBlock);
            while (index < end && _counts.Read(block.Bytes, index) != 0)
                index++;
            var first = _hint / _perBlock * _perBlock + index;
            for (count = 0; count < wanted && index + count < end && _counts.Read(block.Bytes, index + count) == 0; count++)
            {
                if (_metadata.Contains(first + count))
                    throw Qcow2Header.Damaged(_file.Path, $"the reference count of the metadata at offset 0x{(first + count) << _clusterBits:x} is 0");
                var (from, length) = _counts.Write(block.Bytes, index + count, 1);
                _blocks.Touch(block, from, length);
            }

            _hint = first + count;
            End = Math.Max(End, _hint);
            if (count > 0)
                return first << _clusterBits;
        }
    }

    /// <summary>Takes clusters for a table beyond everything that is in use; their counts become 1.</summary>
    /// <returns>The first one's offset.</returns>
    public long AllocateAtEnd(int count)
    {
        var first = Math.Max(End, (_file.Length + ClusterSize - 1) >> _clusterBits);

        // A block that counts them may be among them, so they begin behind it.
        while (true)
        {
            var used = -1;
            for (var i = 0; i < count; i++)
            {
                Cover(first + i);
                if (Get(first + i) != 0)
                    used = i;
            }

            if (used < 0)
                break;
            first += used + 1;
        }

        for (var i = 0; i < count; i++)
            Set(first + i, 1);
        return first << _clusterBits;
    }

    /// <summary>Sees to it that a cluster can be counted. A new block is put into the cluster itself, which nobody uses as nothing counts it.</summary>
    public void Cover(long cluster) => Cover(cluster, cluster);

    /// <param name="cluster">To be counted.</param>
    /// <param name="place">Where a new block may be put: it counts this cluster as well, or another one does already.</param>
    public void Cover(long cluster, long place)
    {
        if (cluster > (long)OffsetMask >> _clusterBits)
            throw new IOException($"The image '{_file.Path}' cannot become larger.");
        var region = cluster / _perBlock;
        if (region >= _table.Length)
            Grow(region);
        if (_table[region] != 0)
            return;
        if (_metadata.Contains(place))
            throw Qcow2Header.Damaged(_file.Path, $"no reference count for the metadata at offset 0x{place << _clusterBits:x}");
        _blocks.Add(place << _clusterBits);
        _table[region] = (ulong)place << _clusterBits;
        _newEntries.Add((int)region);
        _metadata.Add(place << _clusterBits, ClusterSize);
        Set(place, 1);
    }

    /// <summary>Writes counts. They may reach the file at any time; see the remarks.</summary>
    public void WriteBlocks() => _blocks.Write();

    /// <summary>Writes counts and whatever is needed to find them, in this order; the last part is not durable yet.</summary>
    public void Write()
    {
        WriteBlocks();
        if (_newEntries.Count == 0)
            return;
        _file.Flush();
        Span<byte> entry = stackalloc byte[8];
        foreach (var region in _newEntries)
        {
            BinaryPrimitives.WriteUInt64BigEndian(entry, _table[region]);
            _file.Write(_tableOffset + region * 8L, entry);
        }

        _newEntries.Clear();
    }

    private MetadataTable Block(int region) => _blocks.Load((long)_table[region]);

    private void CheckBlock(int region)
    {
        if ((_table[region] & ReservedRefcountTable) != 0 || _table[region] % (ulong)ClusterSize != 0 || _table[region] >= (ulong)_file.Length)
            throw Qcow2Header.Damaged(_file.Path, $"entry {region} of the refcount table, 0x{_table[region]:x}");
    }

    /// <summary>A larger table, behind everything that the old one could count, with the blocks that count it in front of it.</summary>
    private void Grow(long region)
    {
        var start = Math.Max(Reach, (_file.Length + ClusterSize - 1) >> _clusterBits);
        var needed = Math.Max(region, start / _perBlock) + 1;
        if (start > (long)OffsetMask >> _clusterBits)
            throw new IOException($"The image '{_file.Path}' cannot become larger.");
        var (clusters, blocks) = (0L, 0L);
        while (true)
        {
            // The blocks are part of what they count.
            var entries = Math.Max(needed, _table.Length * 3L / 2);
            var newClusters = ((entries * 8) + ClusterSize - 1) >> _clusterBits;
            var newBlocks = ((start + blocks + newClusters - 1) / _perBlock) - (start / _perBlock) + 1;
            needed = Math.Max(needed, (start / _perBlock) + newBlocks);
            if (newClusters == clusters && newBlocks == blocks)
                break;
            (clusters, blocks) = (newClusters, newBlocks);
        }

        if (clusters << _clusterBits > MaximumRefcountTableBytes)
            throw new IOException($"The image '{_file.Path}' cannot become larger.");
        var (old, oldOffset, oldBytes) = (_table, _tableOffset, TableBytes);
        var grown = new ulong[(clusters << _clusterBits) / 8];
        old.CopyTo(grown, 0);
        for (var i = 0; i < blocks; i++)
            grown[(start / _perBlock) + i] = (ulong)(start + i) << _clusterBits;
        _table = grown;
        try
        {
            for (var i = 0; i < blocks; i++)
                _blocks.Add((start + i) << _clusterBits);
            for (var i = 0; i < blocks + clusters; i++)
                Set(start + i, 1);
            WriteBlocks();
            var bytes = new byte[grown.Length * 8];
            for (var i = 0; i < grown.Length; i++)
                BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(i * 8), grown[i]);
            _tableOffset = (start + blocks) << _clusterBits;
            _file.Write(_tableOffset, bytes);
            _file.Flush();
            Span<byte> field = stackalloc byte[12];
            BinaryPrimitives.WriteUInt64BigEndian(field, (ulong)_tableOffset);
            BinaryPrimitives.WriteUInt32BigEndian(field[8..], (uint)clusters);
            _file.Write(RefcountTableField, field);
            _file.Flush();
        }
        catch
        {
            (_table, _tableOffset) = (old, oldOffset);
            for (var i = 0; i < blocks; i++)
                _blocks.Drop((start + i) << _clusterBits);
            throw;
        }

        _newEntries.Clear();
        _metadata.Add(start << _clusterBits, (blocks + clusters) << _clusterBits);
        _metadata.Remove(oldOffset, oldBytes);
        for (var cluster = oldOffset >> _clusterBits; cluster << _clusterBits < oldOffset + oldBytes; cluster++)
            Decrement(cluster);
    }
}
