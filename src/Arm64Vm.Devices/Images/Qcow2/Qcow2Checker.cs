using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Follows every reference of an image, counts, and compares with the counts in the image. Trusts nothing.</summary>
internal sealed class Qcow2Checker
{
    private const int MaximumMessages = 50;

    private readonly ImageFile _file;
    private readonly Qcow2Header _header;
    private readonly ReferenceCounts _references;
    private readonly MetadataClusters _metadata;
    private readonly List<string> _messages = [];
    private readonly Action<double>? _progress;
    private int _errors;
    private int _fatal;
    private long _leaks;
    private long _allocated;
    private long _compressed;

    /// <param name="file">The image.</param>
    /// <param name="header">Of it.</param>
    /// <param name="progress">Gets how far the check is, from 0 to 1.</param>
    public Qcow2Checker(ImageFile file, Qcow2Header header, Action<double>? progress = null)
    {
        (_file, _header, _progress) = (file, header, progress);
        _metadata = new MetadataClusters(header.ClusterBits);
        _references = new ReferenceCounts(((file.Length - 1) >> header.ClusterBits) + 1);
    }

    /// <summary>References found to each cluster of the file.</summary>
    public ReferenceCounts References => _references;

    /// <summary>Null where the refcount table cannot be used.</summary>
    public Refcounts? Refcounts { get; private set; }

    /// <exception cref="IOException">An error of the host, or a snapshot table that cannot be read.</exception>
    public ImageCheck Run()
    {
        Count(0, 1, "the header");
        Count(_header.L1Offset, Math.Max(1, _header.L1Entries * 8L), "the L1 table");
        var snapshots = SnapshotTable.Read(_file, _header);
        if (snapshots.Count > 0)
            Count(_header.SnapshotsOffset, SnapshotTable.Length(_file, _header), "the snapshot table");
        if (_header.Bitmaps.Size > 0)
            CountBitmaps();
        try
        {
            Refcounts = new Refcounts(_file, _header, _metadata);
            Count(Refcounts.TableOffset, Refcounts.TableBytes, "the refcount table");
            foreach (var block in Refcounts.Blocks)
                Count(block, _header.ClusterSize, "a refcount block");
        }
        catch (ImageFormatException e)
        {
            Fail(e.Message, isFatal: true);
        }

        foreach (var snapshot in snapshots)
        {
            Count(snapshot.L1Offset, Math.Max(1, snapshot.L1Entries * 8L), $"the L1 table of snapshot {snapshot.Id}");
            Walk(snapshot.L1Offset, snapshot.L1Entries, isActive: false);
        }

        Walk(_header.L1Offset, _header.L1Entries, isActive: true);
        CompareCounts();
        if (Refcounts is not null)
            Walk(_header.L1Offset, _header.L1Entries, isActive: true, CheckFlag);
        return new ImageCheck
        {
            Errors = _errors,
            Fatal = _fatal,
            Leaks = _leaks,
            IsDirty = _header.IsDirty,
            IsMarkedCorrupt = _header.IsCorrupt,
            Messages = _messages,
            Clusters = (long)((_header.Size + (ulong)_header.ClusterSize - 1) >> _header.ClusterBits),
            AllocatedClusters = _allocated,
            CompressedClusters = _compressed,
        };
    }

    /// <summary>The copied flag that an entry of the active tables should have, by the references found.</summary>
    public bool ShouldBeCopied(long offset) => _references[offset >> _header.ClusterBits] == 1;

    /// <summary>Calls back for each entry of an L1 table and of its L2 tables that is not 0 and usable.</summary>
    /// <param name="l1Offset">Of the table.</param>
    /// <param name="l1Entries">Of the table.</param>
    /// <param name="isActive">The disk's, not a snapshot's.</param>
    /// <param name="found">Gets where an entry is, the entry, and the offset it refers to; null: references are counted.</param>
    public void Walk(long l1Offset, int l1Entries, bool isActive, Action<long, ulong, long>? found = null)
    {
        var l1 = new byte[l1Entries * 8];
        _file.Read(l1Offset, l1);
        var table = new byte[_header.ClusterSize];
        for (var i = 0; i < l1Entries; i++)
        {
            _progress?.Invoke((double)i / l1Entries);
            var entry = BinaryPrimitives.ReadUInt64BigEndian(l1.AsSpan(i * 8));
            var at = (long)(entry & OffsetMask);
            if (entry == 0)
                continue;
            if ((entry & ReservedL1) != 0 || at == 0 || !IsCluster(at))
            {
                if (found is null)
                    Fail($"entry {i} of an L1 table, 0x{entry:x}", isFatal: true);
                continue;
            }

            if (found is null)
                CountL2(at);
            else
                found(l1Offset + i * 8L, entry, at);
            _file.Read(at, table);
            WalkL2(at, table, isActive, found);
        }
    }

    private void WalkL2(long at, byte[] table, bool isActive, Action<long, ulong, long>? found)
    {
        for (var index = 0; index < table.Length / 8; index++)
        {
            var entry = new L2Entry(BinaryPrimitives.ReadUInt64BigEndian(table.AsSpan(index * 8)));
            if (entry.Value == 0)
                continue;
            if (entry.Kind == ClusterKind.Compressed)
            {
                if (found is null)
                    CountCompressed(entry, isActive);
                continue;
            }

            var isUsable = (entry.Value & ReservedL2) == 0 && (entry.Kind != ClusterKind.Zero || _header.Version >= 3) && (entry.HostOffset == 0 || IsCluster(entry.HostOffset));
            if (!isUsable)
            {
                if (found is null)
                    Fail($"entry {index} of the L2 table at offset 0x{at:x}, 0x{entry.Value:x}", isFatal: true);
                continue;
            }

            if (entry.HostOffset == 0)
                continue;
            if (found is not null)
                found(at + index * 8L, entry.Value, entry.HostOffset);
            else
                CountData(entry, isActive);
        }
    }

    private void CountData(L2Entry entry, bool isActive)
    {
        if (_metadata.Contains(entry.HostOffset >> _header.ClusterBits))
            Fail($"a cluster of the disk is where the image's metadata is, at offset 0x{entry.HostOffset:x}", isFatal: true);
        _references.Add(entry.HostOffset >> _header.ClusterBits);
        if (isActive)
            _allocated++;
    }

    private void CountCompressed(L2Entry entry, bool isActive)
    {
        var (offset, length) = entry.CompressedRange(_header.ClusterBits);
        if (offset >= _file.Length)
        {
            Fail($"a compressed cluster at offset 0x{offset:x} is beyond the end of the file", isFatal: true);
            return;
        }

        for (var cluster = offset >> _header.ClusterBits; cluster << _header.ClusterBits < offset + length && cluster < _references.Length; cluster++)
        {
            if (_metadata.Contains(cluster))
                Fail($"a compressed cluster is where the image's metadata is, at offset 0x{offset:x}", isFatal: true);
            _references.Add(cluster);
        }

        if (!isActive)
            return;
        _allocated++;
        _compressed++;
    }

    /// <summary>An L2 table: several L1 tables may share it, but it is nothing else.</summary>
    private void CountL2(long at)
    {
        var cluster = at >> _header.ClusterBits;
        if (_metadata.Contains(cluster) && _references[cluster] == 0)
            Fail($"an L2 table at offset 0x{at:x} is where other metadata is", isFatal: true);
        _metadata.Add(at, 1);
        _references.Add(cluster);
    }

    private void Count(long offset, long bytes, string what)
    {
        for (var cluster = offset >> _header.ClusterBits; cluster << _header.ClusterBits < offset + bytes; cluster++)
        {
            if (cluster >= _references.Length)
            {
                Fail($"{what} is beyond the end of the file", isFatal: true);
                return;
            }

            if (_references.Add(cluster) > 0)
                Fail($"{what} is where other metadata is, at offset 0x{cluster << _header.ClusterBits:x}", isFatal: true);
        }

        _metadata.Add(offset, bytes);
    }

    /// <summary>Persistent dirty bitmaps: directory, tables and data.</summary>
    private void CountBitmaps()
    {
        const int EntrySize = 24;
        var (size, offset, count) = _header.Bitmaps;
        if (size > 64 << 20 || offset % _header.ClusterSize != 0 || offset <= 0 || offset > _file.Length - size)
        {
            Fail("the bitmap directory", isFatal: true);
            return;
        }

        Count(offset, size, "the bitmap directory");
        var directory = new byte[size];
        _file.Read(offset, directory);
        var at = 0;
        for (var i = 0; i < count && at <= directory.Length - EntrySize; i++)
        {
            var entry = directory.AsSpan(at);
            var (table, entries) = (BinaryPrimitives.ReadInt64BigEndian(entry), BinaryPrimitives.ReadUInt32BigEndian(entry[8..]));
            at += (int)Math.Min((EntrySize + BinaryPrimitives.ReadUInt16BigEndian(entry[18..]) + (long)BinaryPrimitives.ReadUInt32BigEndian(entry[20..]) + 7) & ~7L, int.MaxValue / 2);
            if (entries * 8L > 64 << 20 || !IsCluster(table) || entries * 8L > _file.Length - table)
            {
                Fail($"the table of bitmap {i}", isFatal: true);
                continue;
            }

            Count(table, entries * 8L, "a bitmap table");
            var bytes = new byte[entries * 8];
            _file.Read(table, bytes);
            for (var index = 0; index < entries; index++)
            {
                var data = (long)(BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(index * 8)) & OffsetMask);
                if (data != 0)
                    Count(data, 1, "a bitmap");
            }
        }
    }

    private void CompareCounts()
    {
        if (Refcounts is not { } counts)
            return;
        foreach (var (cluster, should) in _references.All)
        {
            var isNow = counts.Get(cluster);
            if (isNow > should)
                _leaks++;
            else if (isNow < should)
                Fail($"the cluster at offset 0x{cluster << _header.ClusterBits:x} has {should} references and counts {isNow}", isFatal: should > counts.Maximum);
        }

        foreach (var cluster in counts.Taken)
        {
            if (_references[cluster] == 0)
                _leaks++;
        }
    }

    private void CheckFlag(long where, ulong entry, long offset)
    {
        var (isCopied, count) = ((entry & Copied) != 0, Refcounts!.Get(offset >> _header.ClusterBits));
        if (isCopied != (count == 1))
            Fail($"the entry at offset 0x{where:x}, 0x{entry:x}, has {(isCopied ? "a" : "no")} copied flag, and the reference count is {count}", isFatal: false);
    }

    private bool IsCluster(long offset) => offset > 0 && offset % _header.ClusterSize == 0 && offset >> _header.ClusterBits < _references.Length;

    private void Fail(string message, bool isFatal)
    {
        _errors++;
        if (isFatal)
            _fatal++;
        if (_messages.Count < MaximumMessages)
            _messages.Add(message);
    }
}
