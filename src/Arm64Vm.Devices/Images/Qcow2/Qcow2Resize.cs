using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Gives an image another size, with a larger L1 table where that needs one.</summary>
internal static class Qcow2Resize
{
    /// <param name="file">The image, to be written, without snapshots.</param>
    /// <param name="size">Bytes of the disk from now on.</param>
    /// <exception cref="ArgumentException">It would need too large a table.</exception>
    /// <exception cref="IOException">The image is damaged, or an error of the host.</exception>
    public static void Run(ImageFile file, ulong size)
    {
        var header = Qcow2Header.Read(file);
        var metadata = new MetadataClusters(header.ClusterBits);
        var perTable = (ulong)header.ClusterSize / 8 * (ulong)header.ClusterSize;
        var entries = (size / perTable) + (size % perTable != 0 ? 1ul : 0);
        if (entries * 8 > (ulong)MaximumL1Bytes)
            throw new ArgumentException($"With clusters of {header.ClusterSize} bytes a disk has {(ulong)MaximumL1Bytes / 8 * perTable} bytes at most.");
        var refcounts = new Refcounts(file, header, metadata);
        metadata.Add(header.L1Offset, Math.Max(1, header.L1Entries * 8L));
        var (l1Offset, l1Entries) = (header.L1Offset, Math.Max((ulong)header.L1Entries, entries));
        if (l1Entries > (ulong)header.L1Entries)
        {
            var table = new byte[l1Entries * 8];
            file.Read(header.L1Offset, table.AsSpan(0, header.L1Entries * 8));
            l1Offset = refcounts.AllocateAtEnd((int)(((ulong)table.Length + (ulong)header.ClusterSize - 1) >> header.ClusterBits));
            file.Write(l1Offset, table);
            file.Extend(refcounts.End << header.ClusterBits);
            refcounts.Write();
            file.Flush();
        }

        // Size, encryption (none), entries and offset of L1 lie together, in one sector.
        Span<byte> fields = stackalloc byte[24];
        fields.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(fields, size);
        BinaryPrimitives.WriteUInt32BigEndian(fields[12..], (uint)l1Entries);
        BinaryPrimitives.WriteInt64BigEndian(fields[16..], l1Offset);
        file.Write(SizeField, fields);
        file.Flush();
        if (l1Offset == header.L1Offset)
            return;
        for (var cluster = header.L1Offset >> header.ClusterBits; header.L1Offset > 0 && cluster << header.ClusterBits < header.L1Offset + Math.Max(1, header.L1Entries * 8L); cluster++)
            refcounts.Decrement(cluster);
        refcounts.Write();
        file.Flush();
    }
}
