using Arm64Vm.Devices.Virtio.Block;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <content>Discarding, and writing zeros.</content>
internal sealed partial class Qcow2Image
{
    /// <inheritdoc/>
    /// <remarks>Whole clusters are given back and read as zeros; with a backing file and version 2 nothing can be given back.</remarks>
    public bool TryDiscard(ulong offset, ulong length)
    {
        lock (_gate)
            return !IsReadOnly && _damage is null && Try(() => ClearWhole(offset, length, ClearMode.Discard));
    }

    /// <inheritdoc/>
    public bool TryWriteZeroes(ulong offset, ulong length, bool mayUnmap)
    {
        lock (_gate)
            return !IsReadOnly && _damage is null && Try(() => WriteZeroes(offset, length, mayUnmap));
    }

    private void WriteZeroes(ulong offset, ulong length, bool mayUnmap)
    {
        // Version 2 can say "zeros" only where nothing lies behind.
        if (Header.Version < 3 && (_backing is not null || !mayUnmap))
        {
            WriteZeroBytes(offset, length);
            return;
        }

        var head = Math.Min(length, (ulong)(-(long)offset & (ClusterSize - 1)));
        if (offset + length == Size)
        {
            // What is beyond the end of the disk may be cleared as well.
            WriteZeroBytes(offset, head);
            ClearWhole(offset + head, (length - head + (ulong)ClusterSize - 1) & ~(ulong)(ClusterSize - 1), mayUnmap ? ClearMode.Unmap : ClearMode.Keep);
            return;
        }

        var tail = (length - head) & (ulong)(ClusterSize - 1);
        WriteZeroBytes(offset, head);
        ClearWhole(offset + head, length - head - tail, mayUnmap ? ClearMode.Unmap : ClearMode.Keep);
        WriteZeroBytes(offset + length - tail, tail);
    }

    /// <summary>Writes zeros where something else is.</summary>
    private void WriteZeroBytes(ulong offset, ulong length)
    {
        while (length > 0)
        {
            var chunk = (int)Math.Min(length, (ulong)(ClusterSize - Within(offset)));
            var entry = _map.Find(offset) is { } table ? _map.Read(table, _map.IndexOf(offset)) : default;
            if (!ReadsAsZeros(entry, offset - (ulong)Within(offset)))
                Write(offset, new byte[chunk]);
            offset += (ulong)chunk;
            length -= (ulong)chunk;
        }
    }

    /// <summary>Clears the clusters that are wholly within a range.</summary>
    private void ClearWhole(ulong offset, ulong length, ClearMode mode)
    {
        var end = (offset + length) & ~(ulong)(ClusterSize - 1);
        var at = (offset + (ulong)ClusterSize - 1) & ~(ulong)(ClusterSize - 1);
        while (at < end)
        {
            if (_freed.IsFull)
                Commit();
            if (_map.Find(at) is null && (mode == ClearMode.Discard || _backing is null))
            {
                // Nothing in the reach of a whole table.
                at += (ulong)(_map.EntriesPerTable - _map.IndexOf(at)) << _clusterBits;
                continue;
            }

            ClearCluster(at, mode);
            at += (ulong)ClusterSize;
        }
    }

    private void ClearCluster(ulong offset, ClearMode mode)
    {
        var index = _map.IndexOf(offset);
        var old = _map.Find(offset) is { } found ? _map.Read(found, index) : default;
        var isHidden = _backing is not null && offset < _backing.Size;
        if (mode == ClearMode.Discard && (old.Kind == ClusterKind.Unallocated || (isHidden && Header.Version < 3)))
            return;
        L2Entry cleared;
        if (mode == ClearMode.Keep && old.Kind == ClusterKind.Normal && old.IsCopied)
            cleared = new L2Entry(old.Value | Zero);
        else if (mode == ClearMode.Keep && ReadsAsZeros(old, offset))
            return;
        else
            cleared = new L2Entry(isHidden || (mode == ClearMode.Keep && Header.Version >= 3) ? Zero : 0);
        if (cleared == old)
            return;
        var table = _map.FindForWrite(offset);
        _map.Set(table, index, cleared);
        if (cleared.HostOffset == 0)
            _freed.Add(old);
    }

    private enum ClearMode
    {
        /// <summary>What is allocated is given back.</summary>
        Discard,

        /// <summary>Reads as zeros; what is allocated is given back.</summary>
        Unmap,

        /// <summary>Reads as zeros; what is allocated is kept.</summary>
        Keep,
    }
}
