namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Keeps the guest's writes in memory and leaves the disk below untouched.</summary>
public sealed class OverlayBlockBackend(IBlockBackend below) : IBlockBackend
{
    private const int ClusterSize = 64 * 1024;

    private readonly Dictionary<ulong, byte[]> _clusters = [];

    /// <inheritdoc/>
    public ulong Size => below.Size;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var (cluster, within) = (offset / ClusterSize, (int)(offset % ClusterSize));
            var chunk = Math.Min(destination.Length, ClusterSize - within);
            if (_clusters.TryGetValue(cluster, out var bytes))
                bytes.AsSpan(within, chunk).CopyTo(destination);
            else if (!below.TryRead(offset, destination[..chunk]))
                return false;
            offset += (ulong)chunk;
            destination = destination[chunk..];
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            var (cluster, within) = (offset / ClusterSize, (int)(offset % ClusterSize));
            var chunk = Math.Min(source.Length, ClusterSize - within);
            if (!_clusters.TryGetValue(cluster, out var bytes))
            {
                bytes = new byte[ClusterSize];
                var start = cluster * ClusterSize;
                var present = (int)Math.Min(ClusterSize, below.Size - start);
                if (chunk < present && !below.TryRead(start, bytes.AsSpan(0, present)))
                    return false;
                _clusters.Add(cluster, bytes);
            }

            source[..chunk].CopyTo(bytes.AsSpan(within));
            offset += (ulong)chunk;
            source = source[chunk..];
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryFlush() => true;
}
