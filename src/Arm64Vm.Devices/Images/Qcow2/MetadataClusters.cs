namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>The host clusters that hold an image's metadata: no data of the guest may go there, whatever a damaged image says.</summary>
internal sealed class MetadataClusters(int clusterBits)
{
    private readonly HashSet<long> _clusters = [0];

    public void Add(long offset, long bytes)
    {
        for (var cluster = offset >> clusterBits; bytes > 0 && cluster << clusterBits < offset + bytes; cluster++)
            _clusters.Add(cluster);
    }

    public void Remove(long offset, long bytes)
    {
        for (var cluster = offset >> clusterBits; bytes > 0 && cluster << clusterBits < offset + bytes; cluster++)
            _clusters.Remove(cluster);
    }

    /// <summary>True where a host cluster, by its number, is metadata.</summary>
    public bool Contains(long cluster) => _clusters.Contains(cluster);
}
