using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>A disk as it was at some time, kept inside the image.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Name">Given by a person.</param>
/// <param name="Time">When it was made.</param>
/// <param name="DiskSize">Bytes of the disk at that time; null: as the image.</param>
/// <param name="StateSize">Bytes of a saved machine.</param>
/// <param name="L1Offset">Of its L1 table.</param>
/// <param name="L1Entries">Of its L1 table.</param>
internal sealed record ImageSnapshot(string Id, string Name, DateTimeOffset Time, ulong? DiskSize, ulong StateSize, long L1Offset, int L1Entries);

/// <summary>The snapshots of an image. They are kept: what they refer to has reference counts above one or of its own, so no write reaches it.</summary>
internal static class SnapshotTable
{
    private const int FixedSize = 40;
    private const int MaximumExtra = 1024;
    private const long MaximumBytes = 64 << 20;

    /// <exception cref="ImageFormatException">The table is damaged.</exception>
    public static IReadOnlyList<ImageSnapshot> Read(ImageFile file, Qcow2Header header) => Read(file, header, out _);

    /// <summary>Bytes of the table.</summary>
    public static long Length(ImageFile file, Qcow2Header header)
    {
        Read(file, header, out var length);
        return length;
    }

    private static List<ImageSnapshot> Read(ImageFile file, Qcow2Header header, out long length)
    {
        List<ImageSnapshot> snapshots = [];
        var tables = 0L;
        length = 0;
        var start = new byte[FixedSize];
        for (var i = 0; i < header.SnapshotCount; i++)
        {
            var offset = header.SnapshotsOffset + length;
            file.Read(offset, start);
            var (l1Offset, l1Entries) = (BinaryPrimitives.ReadUInt64BigEndian(start), BinaryPrimitives.ReadUInt32BigEndian(start.AsSpan(8)));
            var (idLength, nameLength) = (BinaryPrimitives.ReadUInt16BigEndian(start.AsSpan(12)), BinaryPrimitives.ReadUInt16BigEndian(start.AsSpan(14)));
            var extraLength = BinaryPrimitives.ReadUInt32BigEndian(start.AsSpan(36));
            if (extraLength > MaximumExtra || length > MaximumBytes || offset + FixedSize > file.Length)
                throw Qcow2Header.Damaged(file.Path, $"snapshot {i} of the snapshot table");
            if (l1Entries * 8L > Qcow2Format.MaximumL1Bytes || l1Offset % (ulong)header.ClusterSize != 0 || l1Offset > (ulong)file.Length || l1Entries * 8L > file.Length - (long)l1Offset)
                throw Qcow2Header.Damaged(file.Path, $"the L1 table of snapshot {i}");

            // They are different tables, so there is room for all of them.
            tables += l1Entries * 8L;
            if (tables > file.Length)
                throw Qcow2Header.Damaged(file.Path, "the L1 tables of its snapshots");
            var rest = new byte[extraLength + idLength + nameLength];
            file.Read(offset + FixedSize, rest);
            var extra = rest.AsSpan(0, (int)extraLength);
            snapshots.Add(new ImageSnapshot(
                Encoding.UTF8.GetString(rest, (int)extraLength, idLength),
                Encoding.UTF8.GetString(rest, (int)extraLength + idLength, nameLength),
                DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(start.AsSpan(16))),
                extra.Length >= 16 ? BinaryPrimitives.ReadUInt64BigEndian(extra[8..]) : null,
                extra.Length >= 8 ? BinaryPrimitives.ReadUInt64BigEndian(extra) : BinaryPrimitives.ReadUInt32BigEndian(start.AsSpan(32)),
                (long)l1Offset,
                (int)l1Entries));
            length += (FixedSize + rest.Length + 7) & ~7;
        }

        return snapshots;
    }
}
