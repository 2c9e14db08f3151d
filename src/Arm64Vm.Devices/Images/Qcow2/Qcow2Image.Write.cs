namespace Arm64Vm.Devices.Images.Qcow2;

/// <content>Writing.</content>
internal sealed partial class Qcow2Image
{
    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        lock (_gate)
        {
            if (IsReadOnly || _damage is not null)
                return false;
            try
            {
                Write(offset, source);
                return true;
            }
            catch (Exception e) when (IsFailure(e))
            {
                NoteDamage(e);
                return false;
            }
        }
    }

    private void Write(ulong offset, ReadOnlySpan<byte> source)
    {
        if (_freed.IsFull)
            Commit();
        while (source.Length > 0)
        {
            var table = _map.FindForWrite(offset);
            var index = _map.IndexOf(offset);
            var entry = _map.Read(table, index);
            var within = Within(offset);
            int length;
            if (entry.IsWritable)
            {
                length = WritableRun(table, index, entry, within, source.Length);
                _file.Write(entry.HostOffset + within, source[..length]);
            }
            else if (within != 0 || source.Length < ClusterSize)
            {
                length = Math.Min(source.Length, ClusterSize - within);
                WritePart(table, index, entry, offset, source[..length]);
            }
            else
            {
                length = WriteWhole(table, index, source);
            }

            offset += (ulong)length;
            source = source[length..];
        }
    }

    /// <summary>How far data can go over what is there, in one piece of the file.</summary>
    private int WritableRun(MetadataTable table, int index, L2Entry first, int within, int limit)
    {
        RefuseMetadata(first);
        var length = Math.Min(ClusterSize - within, limit);
        for (var next = 1; length < limit && index + next < _map.EntriesPerTable; next++)
        {
            var other = _map.Read(table, index + next);
            if (!other.IsWritable || other.HostOffset != first.HostOffset + ((long)next << _clusterBits))
                break;
            RefuseMetadata(other);
            length = Math.Min(length + ClusterSize, limit);
        }

        return length;
    }

    /// <summary>Writes whole clusters to new places, as many as are in one piece.</summary>
    private int WriteWhole(MetadataTable table, int index, ReadOnlySpan<byte> source)
    {
        var wanted = 1;
        while (wanted < source.Length >> _clusterBits && index + wanted < _map.EntriesPerTable && !_map.Read(table, index + wanted).IsWritable)
            wanted++;
        var at = _refcounts.Allocate(wanted, out var count);
        try
        {
            _file.Write(at, source[..(count << _clusterBits)]);
        }
        catch
        {
            GiveBack(at, count);
            throw;
        }

        for (var i = 0; i < count; i++)
            Replace(table, index + i, at + ((long)i << _clusterBits));
        return count << _clusterBits;
    }

    /// <summary>Writes a part of a cluster to a new place, with the rest of the cluster as it was.</summary>
    private void WritePart(MetadataTable table, int index, L2Entry entry, ulong offset, ReadOnlySpan<byte> source)
    {
        var within = Within(offset);
        var readsAsZeros = ReadsAsZeros(entry, offset - (ulong)within);
        if (!readsAsZeros)
            Read(offset - (ulong)within, _cluster);

        // A cluster that the disk has and does not show is its own already.
        var isKept = entry.Kind == ClusterKind.Zero && entry.HostOffset != 0 && entry.IsCopied;
        if (isKept)
            RefuseMetadata(entry);
        var at = isKept ? entry.HostOffset : _refcounts.Allocate(1, out _);
        try
        {
            // Beyond its end the file is zeros.
            if (readsAsZeros && at >= _file.Length)
            {
                _file.Write(at + within, source);
            }
            else
            {
                if (readsAsZeros)
                    Array.Clear(_cluster);
                source.CopyTo(_cluster.AsSpan(within));
                _file.Write(at, _cluster);
            }
        }
        catch
        {
            if (!isKept)
                GiveBack(at, 1);
            throw;
        }

        if (isKept)
            _map.Set(table, index, L2Entry.Normal(at));
        else
            Replace(table, index, at);
    }

    /// <summary>Makes an entry point to a new cluster; what it pointed to is free, once the file knows.</summary>
    private void Replace(MetadataTable table, int index, long at)
    {
        var old = _map.Read(table, index);
        _map.Set(table, index, L2Entry.Normal(at));
        _freed.Add(old);
    }

    private void GiveBack(long at, int count)
    {
        for (var i = 0; i < count; i++)
            _freed.Add(at + ((long)i << _clusterBits));
    }

    private bool ReadsAsZeros(L2Entry entry, ulong offset) => entry.Kind switch
    {
        ClusterKind.Zero => true,
        ClusterKind.Unallocated => _backing is null || offset >= _backing.Size,
        _ => false,
    };

    private void RefuseMetadata(L2Entry entry)
    {
        if (_metadata.Contains(entry.HostOffset >> _clusterBits))
            throw Qcow2Header.Damaged(_file.Path, $"a cluster of the disk is where the image's metadata is, at offset 0x{entry.HostOffset:x}");
    }
}
