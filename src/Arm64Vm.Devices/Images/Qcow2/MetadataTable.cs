using System.Buffers.Binary;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>One cluster of metadata in memory: an L2 table or a refcount block.</summary>
internal sealed class MetadataTable(int size)
{
    public byte[] Bytes { get; } = new byte[size];

    /// <summary>In the file.</summary>
    public long Offset { get; set; }

    /// <summary>Bytes that the file does not have yet: from here up to <see cref="DirtyTo"/>.</summary>
    public int DirtyFrom { get; private set; }

    public int DirtyTo { get; private set; }

    public bool IsDirty => DirtyTo > DirtyFrom;

    /// <summary>An entry of eight bytes.</summary>
    public ulong this[int index] => BinaryPrimitives.ReadUInt64BigEndian(Bytes.AsSpan(index * 8));

    /// <summary>Changes an entry; the cache is told on its own.</summary>
    public void Write(int index, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Bytes.AsSpan(index * 8), value);

    public void MarkDirty(int from, int length) =>
        (DirtyFrom, DirtyTo) = IsDirty ? (Math.Min(DirtyFrom, from), Math.Max(DirtyTo, from + length)) : (from, from + length);

    public void MarkClean() => (DirtyFrom, DirtyTo) = (0, 0);
}
