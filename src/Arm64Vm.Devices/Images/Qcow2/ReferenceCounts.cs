namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>A number for each cluster of a file, in memory only where there are some: a file may be long and have little in it.</summary>
/// <param name="clusters">Of the file.</param>
internal sealed class ReferenceCounts(long clusters)
{
    private const int PieceSize = 16 << 10;

    private readonly Dictionary<long, uint[]> _pieces = [];

    /// <summary>Clusters of the file.</summary>
    public long Length => clusters;

    /// <summary>References to a cluster; none beyond the end.</summary>
    public uint this[long cluster] => _pieces.TryGetValue(cluster / PieceSize, out var piece) ? piece[cluster % PieceSize] : 0;

    /// <summary>Clusters that have references, in order.</summary>
    public IEnumerable<(long Cluster, uint Count)> All =>
        from piece in _pieces.Keys.Order()
        from index in Enumerable.Range(0, PieceSize)
        let count = _pieces[piece][index]
        where count != 0
        select (piece * PieceSize + index, count);

    /// <summary>One reference more.</summary>
    /// <returns>How many there were before.</returns>
    public uint Add(long cluster)
    {
        if (!_pieces.TryGetValue(cluster / PieceSize, out var piece))
            _pieces.Add(cluster / PieceSize, piece = new uint[PieceSize]);
        return piece[cluster % PieceSize]++;
    }
}
