namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Metadata clusters in memory, the least recently used go first. What is dirty leaves only by being written.</summary>
/// <param name="file">The image.</param>
/// <param name="tableSize">Bytes of a cluster.</param>
/// <param name="capacity">Clusters kept at most.</param>
/// <param name="makeRoom">Writes dirty clusters, in whatever order the image needs; called where the one that has to go is dirty.</param>
internal sealed class MetadataCache(ImageFile file, int tableSize, int capacity, Action makeRoom)
{
    private readonly Dictionary<long, LinkedListNode<MetadataTable>> _byOffset = [];

    /// <summary>The most recently used first.</summary>
    private readonly LinkedList<MetadataTable> _order = new();

    private readonly List<MetadataTable> _dirty = [];

    public bool HasDirty => _dirty.Count > 0;

    /// <summary>The cluster at an offset if it is here.</summary>
    public MetadataTable? Find(long offset)
    {
        if (!_byOffset.TryGetValue(offset, out var node))
            return null;
        if (node.Previous is not null)
        {
            _order.Remove(node);
            _order.AddFirst(node);
        }

        return node.Value;
    }

    /// <summary>The cluster at an offset, read from the file if it is not here.</summary>
    public MetadataTable Load(long offset)
    {
        if (Find(offset) is { } present)
            return present;
        var node = TakeNode();
        file.Read(offset, node.Value.Bytes);
        return Insert(node, offset);
    }

    /// <summary>A new cluster, all zeros and dirty, for an offset at which the file has nothing of use.</summary>
    public MetadataTable Add(long offset)
    {
        Drop(offset);
        var node = TakeNode();
        Array.Clear(node.Value.Bytes);
        Insert(node, offset);
        Touch(node.Value, 0, tableSize);
        return node.Value;
    }

    /// <summary>Says that bytes were changed.</summary>
    public void Touch(MetadataTable table, int from, int length)
    {
        if (!table.IsDirty)
            _dirty.Add(table);
        table.MarkDirty(from, length);
    }

    /// <summary>Changes an entry of eight bytes.</summary>
    public void Set(MetadataTable table, int index, ulong value)
    {
        table.Write(index, value);
        Touch(table, index * 8, 8);
    }

    /// <summary>Forgets a cluster that is metadata no longer.</summary>
    public void Drop(long offset)
    {
        if (!_byOffset.Remove(offset, out var node))
            return;
        _order.Remove(node);
        if (!node.Value.IsDirty)
            return;
        _dirty.Remove(node.Value);
        node.Value.MarkClean();
    }

    /// <summary>Writes what is dirty. After an error some of it still is.</summary>
    public void Write()
    {
        for (; _dirty.Count > 0; _dirty.RemoveAt(_dirty.Count - 1))
        {
            var table = _dirty[^1];
            file.Write(table.Offset + table.DirtyFrom, table.Bytes.AsSpan(table.DirtyFrom, table.DirtyTo - table.DirtyFrom));
            table.MarkClean();
        }
    }

    private LinkedListNode<MetadataTable> TakeNode()
    {
        if (_order.Count < capacity)
            return new LinkedListNode<MetadataTable>(new MetadataTable(tableSize));
        if (_order.Last!.Value.IsDirty)
            makeRoom();
        var node = _order.Last!;
        Drop(node.Value.Offset);
        return node;
    }

    private MetadataTable Insert(LinkedListNode<MetadataTable> node, long offset)
    {
        node.Value.Offset = offset;
        _order.AddFirst(node);
        _byOffset.Add(offset, node);
        return node.Value;
    }
}
