namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Host clusters that the disk refers to no longer – in memory. They stay taken until the file says so too.</summary>
internal sealed class FreedClusters(ImageFile file, Refcounts refcounts, int clusterBits)
{
    /// <summary>When there are that many they should be given back, for what they need of memory.</summary>
    private const int Enough = 64 << 10;

    private readonly List<long> _clusters = [];

    public bool IsEmpty => _clusters.Count == 0;

    public bool IsFull => _clusters.Count >= Enough;

    /// <summary>One reference less to the cluster at an offset.</summary>
    public void Add(long offset) => _clusters.Add(offset >> clusterBits);

    /// <summary>One reference less to what an entry refers to, if it does.</summary>
    public void Add(L2Entry entry)
    {
        if (entry.Kind == ClusterKind.Compressed)
        {
            var (offset, length) = entry.CompressedRange(clusterBits);
            for (var cluster = offset >> clusterBits; cluster << clusterBits < offset + length; cluster++)
                _clusters.Add(cluster);
        }
        else if (entry.HostOffset != 0)
        {
            Add(entry.HostOffset);
        }
    }

    /// <summary>Lowers the counts, and gives the room of what is free now to the host.</summary>
    public void Release()
    {
        _clusters.Sort();
        var (first, count) = (0L, 0L);
        foreach (var cluster in _clusters)
        {
            if (!refcounts.Decrement(cluster))
                continue;
            if (cluster != first + count)
            {
                Punch(first, count);
                (first, count) = (cluster, 0);
            }

            count++;
        }

        Punch(first, count);
        _clusters.Clear();
    }

    private void Punch(long first, long count)
    {
        if (count > 0)
            file.Punch(first << clusterBits, count << clusterBits);
    }
}
