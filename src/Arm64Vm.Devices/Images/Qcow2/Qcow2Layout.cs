using System.Buffers.Binary;
using System.Text;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Writes empty images: header, refcount table, refcount blocks, L1 table, one after the other.</summary>
internal static class Qcow2Layout
{
    private const int WrittenHeaderSize = 112;

    /// <param name="file">An empty file.</param>
    /// <param name="size">Bytes of the disk.</param>
    /// <param name="options">What kind of image.</param>
    /// <exception cref="ArgumentException">The options do not go with each other or with the size; says why.</exception>
    /// <exception cref="IOException">An error of the host.</exception>
    public static void Write(ImageFile file, ulong size, Qcow2Options options)
    {
        var bits = ClusterBitsOf(options);
        var cluster = 1L << bits;
        var l1Entries = DivideUp(size, (ulong)(cluster / 8 * cluster));
        if (l1Entries * 8 > (ulong)MaximumL1Bytes)
            throw new ArgumentException($"With clusters of {cluster} bytes a disk has {(ulong)MaximumL1Bytes / 8 * (ulong)(cluster / 8 * cluster)} bytes at most; larger clusters allow more.");
        var l1Clusters = Math.Max(1, (long)DivideUp(l1Entries * 8, (ulong)cluster));
        var perBlock = cluster * 8 / options.RefcountBits;

        // The table can count a full image at once, where it may be that large: the disk, its L2 tables, and what is here.
        var full = (long)DivideUp(size, (ulong)cluster) + (long)l1Entries + l1Clusters + 16;
        var tableClusters = Math.Clamp((long)DivideUp((ulong)(full + (full / perBlock) + 1), (ulong)(perBlock * (cluster / 8))), 1, Math.Max(1, MaximumRefcountTableBytes >> bits));
        var blocks = 1L;
        while (blocks * perBlock < 1 + tableClusters + blocks + l1Clusters)
            blocks++;
        if (blocks > tableClusters * (cluster / 8))
            throw new ArgumentException($"Clusters of {cluster} bytes are too small for this disk.");
        var total = 1 + tableClusters + blocks + l1Clusters;

        var header = MakeHeader(options, size, bits, (int)l1Entries, (1 + tableClusters + blocks) << bits, (int)tableClusters);
        if (header.Length > cluster)
            throw new ArgumentException("The name of the backing file is too long for clusters of this size.");
        file.Write(0, header);
        var table = new byte[tableClusters << bits];
        for (var i = 0; i < blocks; i++)
            BinaryPrimitives.WriteUInt64BigEndian(table.AsSpan(i * 8), (ulong)((1 + tableClusters + i) << bits));
        file.Write(cluster, table);
        var counts = new RefcountBlock(int.Log2(options.RefcountBits));
        for (var i = 0; i < blocks; i++)
        {
            var block = new byte[cluster];
            for (var index = 0; index < perBlock && i * perBlock + index < total; index++)
                counts.Write(block, index, 1);
            file.Write((1 + tableClusters + i) << bits, block);
        }

        file.Extend(total << bits);
    }

    private static int ClusterBitsOf(Qcow2Options options)
    {
        if (!int.IsPow2(options.ClusterSize) || int.Log2(options.ClusterSize) is < MinimumClusterBits or > MaximumClusterBits)
            throw new ArgumentException($"Clusters are a power of two from {1 << MinimumClusterBits} bytes to {1 << (MaximumClusterBits - 20)} MiB.");
        if (!int.IsPow2(options.RefcountBits) || options.RefcountBits is < 1 or > 64)
            throw new ArgumentException("Reference counts have 1, 2, 4, 8, 16, 32 or 64 bits.");
        if (Encoding.UTF8.GetByteCount(options.BackingFile ?? "") > MaximumBackingName)
            throw new ArgumentException($"The name of the backing file has more than {MaximumBackingName} bytes.");
        return int.Log2(options.ClusterSize);
    }

    private static byte[] MakeHeader(Qcow2Options options, ulong size, int clusterBits, int l1Entries, long l1Offset, int tableClusters)
    {
        List<byte> extensions = [];
        if (options is { BackingFile: not null, BackingFormat: { } format })
        {
            byte[] name = Encoding.ASCII.GetBytes(BackingPath.NameOf(format));
            Span<byte> start = stackalloc byte[8];
            BinaryPrimitives.WriteUInt32BigEndian(start, ExtensionBackingFormat);
            BinaryPrimitives.WriteInt32BigEndian(start[4..], name.Length);
            extensions.AddRange(start);
            extensions.AddRange(name);
            while (extensions.Count % 8 != 0)
                extensions.Add(0);
        }

        // Type 0 and length 0 end the list.
        extensions.AddRange(new byte[8]);
        var backing = Encoding.UTF8.GetBytes(options.BackingFile ?? "");
        var header = new byte[WrittenHeaderSize + extensions.Count + backing.Length];
        var bytes = header.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], 3);
        if (backing.Length > 0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], (ulong)(WrittenHeaderSize + extensions.Count));
            BinaryPrimitives.WriteInt32BigEndian(bytes[16..], backing.Length);
        }

        BinaryPrimitives.WriteInt32BigEndian(bytes[20..], clusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[SizeField..], size);
        BinaryPrimitives.WriteInt32BigEndian(bytes[L1Field..], l1Entries);
        BinaryPrimitives.WriteInt64BigEndian(bytes[40..], l1Offset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[RefcountTableField..], 1L << clusterBits);
        BinaryPrimitives.WriteInt32BigEndian(bytes[56..], tableClusters);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[IncompatibleField..], options.Compression == CompressionType.Zlib ? 0 : CompressionTypeField);
        BinaryPrimitives.WriteInt32BigEndian(bytes[96..], int.Log2(options.RefcountBits));
        BinaryPrimitives.WriteInt32BigEndian(bytes[100..], WrittenHeaderSize);
        bytes[HeaderSizeV3] = (byte)options.Compression;
        extensions.CopyTo(header, WrittenHeaderSize);
        backing.CopyTo(bytes[(WrittenHeaderSize + extensions.Count)..]);
        return header;
    }

    private static ulong DivideUp(ulong value, ulong by) => (value / by) + (value % by != 0 ? 1ul : 0);
}
