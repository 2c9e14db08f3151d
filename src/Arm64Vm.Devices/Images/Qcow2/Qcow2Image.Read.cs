namespace Arm64Vm.Devices.Images.Qcow2;

/// <content>Reading.</content>
internal sealed partial class Qcow2Image
{
    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        lock (_gate)
        {
            try
            {
                Read(offset, destination);
                return true;
            }
            catch (Exception e) when (IsFailure(e))
            {
                NoteDamage(e);
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public bool TryReadAtOnce(ulong offset, Span<byte> destination)
    {
        // While a call on another thread waits for the host's disk this one would wait too.
        if (!_gate.TryEnter())
            return false;
        try
        {
            while (destination.Length > 0)
            {
                if (!_map.TryFindAtOnce(offset, out var table))
                    return false;
                var run = Run(table, offset, destination.Length);
                if (!TryReadAtOnce(run, offset, destination[..run.Length]))
                    return false;
                offset += (ulong)run.Length;
                destination = destination[run.Length..];
            }

            return true;
        }
        catch (ImageFormatException)
        {
            // It will be seen again, and said, on the slow way.
            return false;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ImageFormatException">A table is damaged.</exception>
    bool ISparseDisk.TryFindData(ulong offset, out ulong start, out ulong end)
    {
        lock (_gate)
        {
            for (start = offset; start < Size; start = end)
            {
                var run = Run(_map.Find(start), start, (int)Math.Min(Size - start, int.MaxValue / 2));
                end = start + (ulong)run.Length;
                if (run.Entry.Kind is ClusterKind.Normal or ClusterKind.Compressed)
                    return true;
                if (run.Entry.Kind == ClusterKind.Zero || _backing is null || start >= _backing.Size)
                    continue;
                if (_backing is not ISparseDisk below)
                    return true;
                if (!below.TryFindData(start, out var first, out var last) || first >= end)
                    continue;
                (start, end) = (first, Math.Min(end, last));
                return true;
            }

            end = start;
            return false;
        }
    }

    private void Read(ulong offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var run = Run(_map.Find(offset), offset, destination.Length);
            var part = destination[..run.Length];
            switch (run.Entry.Kind)
            {
                case ClusterKind.Normal:
                    _file.Read(run.HostOffset, part);
                    break;
                case ClusterKind.Compressed:
                    _compressed.Read(run.Entry).Slice(Within(offset), part.Length).CopyTo(part);
                    break;
                case ClusterKind.Unallocated when _backing is not null:
                    ReadBacking(_backing, offset, part);
                    break;
                default:
                    part.Clear();
                    break;
            }

            offset += (ulong)run.Length;
            destination = destination[run.Length..];
        }
    }

    private bool TryReadAtOnce(ClusterRun run, ulong offset, Span<byte> part)
    {
        switch (run.Entry.Kind)
        {
            case ClusterKind.Normal:
                return _file.TryReadAtOnce(run.HostOffset, part);
            case ClusterKind.Compressed:
                if (!_compressed.TryGet(run.Entry, out var cluster))
                    return false;
                cluster.Slice(Within(offset), part.Length).CopyTo(part);
                return true;
            case ClusterKind.Unallocated when _backing is not null:
                var inside = InsideBacking(_backing, offset, part.Length);
                part[inside..].Clear();
                return inside == 0 || _backing.TryReadAtOnce(offset, part[..inside]);
            default:
                part.Clear();
                return true;
        }
    }

    private static void ReadBacking(Virtio.Block.IBlockBackend backing, ulong offset, Span<byte> part)
    {
        var inside = InsideBacking(backing, offset, part.Length);
        part[inside..].Clear();
        if (inside > 0 && !backing.TryRead(offset, part[..inside]))
            throw new IOException("The backing file cannot be read.");
    }

    /// <summary>How many bytes of a range the backing file has; beyond its end are zeros.</summary>
    private static int InsideBacking(Virtio.Block.IBlockBackend backing, ulong offset, int length) =>
        offset >= backing.Size ? 0 : (int)Math.Min((ulong)length, backing.Size - offset);

    /// <summary>From a byte on, as far as what is there can be read as one.</summary>
    /// <param name="table">The byte's L2 table; null: there is none.</param>
    /// <param name="offset">Of the byte.</param>
    /// <param name="limit">Bytes at most.</param>
    private ClusterRun Run(MetadataTable? table, ulong offset, int limit)
    {
        var index = _map.IndexOf(offset);
        if (table is null)
        {
            var reach = ((long)(_map.EntriesPerTable - index) << _clusterBits) - Within(offset);
            return new ClusterRun(default, 0, (int)Math.Min(reach, limit));
        }

        var entry = _map.Read(table, index);
        var length = Math.Min(ClusterSize - Within(offset), limit);
        for (var next = 1; length < limit && index + next < _map.EntriesPerTable && entry.Kind != ClusterKind.Compressed; next++)
        {
            var other = _map.Read(table, index + next);
            if (other.Kind != entry.Kind || (entry.Kind == ClusterKind.Normal && other.HostOffset != entry.HostOffset + ((long)next << _clusterBits)))
                break;
            length = Math.Min(length + ClusterSize, limit);
        }

        return new ClusterRun(entry, entry.HostOffset + Within(offset), length);
    }

    private int Within(ulong offset) => (int)(offset & (ulong)(ClusterSize - 1));

    /// <param name="Entry">Of the first cluster.</param>
    /// <param name="HostOffset">Of the first byte, where the kind is normal.</param>
    /// <param name="Length">Bytes.</param>
    private readonly record struct ClusterRun(L2Entry Entry, long HostOffset, int Length);
}
