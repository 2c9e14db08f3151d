namespace Arm64Vm.Devices.Images.Qcow2;

/// <content>Writing compressed clusters, into an image that nothing else uses yet.</content>
internal sealed partial class Qcow2Image
{
    /// <summary>Where the next compressed cluster goes, and the end of what is taken for them.</summary>
    private (long At, long End) _packing;

    /// <summary>Writes a whole cluster that was never written before, compressed if that makes it smaller.</summary>
    public bool TryWriteCompressed(ulong offset, ReadOnlySpan<byte> cluster, ClusterCompressor compressor)
    {
        var packed = compressor.Compress(cluster);
        if (packed.IsEmpty)
            return TryWrite(offset, cluster);
        lock (_gate)
        {
            if (IsReadOnly || _damage is not null)
                return false;
            try
            {
                WriteCompressed(offset, packed);
                return true;
            }
            catch (Exception e) when (IsFailure(e))
            {
                NoteDamage(e);
                return false;
            }
        }
    }

    /// <summary>Makes everything durable, and says so if that is not possible.</summary>
    /// <exception cref="IOException">An error of the host.</exception>
    public void Finish()
    {
        lock (_gate)
            Close();
    }

    private void WriteCompressed(ulong offset, ReadOnlySpan<byte> packed)
    {
        var table = _map.FindForWrite(offset);
        var at = Pack(packed.Length);
        _file.Write(at, packed);
        _map.Set(table, _map.IndexOf(offset), L2Entry.CompressedAt(at, packed.Length, _clusterBits));
    }

    /// <summary>Room for some bytes, which may begin in a host cluster that has others: each is a reference to it.</summary>
    private long Pack(int length)
    {
        var room = _packing.End - _packing.At;
        var shared = room > 0 && _refcounts.Get(_packing.At >> _clusterBits) < _refcounts.Maximum;
        if (!shared || room < length)
        {
            var next = _refcounts.Allocate(1, out _);
            if (shared && next == _packing.End)
            {
                // The new cluster follows: the bytes lie across the border.
                _refcounts.Increment(_packing.At >> _clusterBits);
                return Take(length, next + ClusterSize);
            }

            // The count of one that the new cluster has is for what is put into it now.
            _packing = (next, next + ClusterSize);
            return Take(length, _packing.End);
        }

        _refcounts.Increment(_packing.At >> _clusterBits);
        return Take(length, _packing.End);
    }

    private long Take(int length, long end)
    {
        var at = _packing.At;
        _packing = (at + length, end);
        return at;
    }
}
