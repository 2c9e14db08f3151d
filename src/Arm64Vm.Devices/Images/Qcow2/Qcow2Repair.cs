using System.Buffers.Binary;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Makes an image's reference counts and copied flags what its references say. Data and references stay as they are.</summary>
internal static class Qcow2Repair
{
    /// <summary>Checks, and mends what can be mended.</summary>
    /// <param name="file">The image, to be written.</param>
    /// <param name="progress">Gets how far it is, from 0 to 1.</param>
    /// <returns>What was found before, and what is left.</returns>
    /// <exception cref="ImageFormatException">The header or a table is damaged beyond repair.</exception>
    /// <exception cref="IOException">An error of the host.</exception>
    public static (ImageCheck Before, ImageCheck After) Run(ImageFile file, Action<double>? progress = null)
    {
        var header = Qcow2Header.Read(file);
        var checker = new Qcow2Checker(file, header, progress);
        var before = checker.Run();
        if (before.IsClean || before.Fatal > 0 || checker.Refcounts is not { } counts)
            return (before, before);

        // Up first, then down: at no time does a cluster that is in use count as free.
        var references = checker.References;
        foreach (var (cluster, count) in references.All)
        {
            if (count <= counts.Get(cluster))
                continue;
            Cover(counts, cluster, references.Length);
            counts.Set(cluster, count);
        }

        counts.Write();
        file.Flush();
        MendFlags(file, header, checker);
        file.Flush();

        // Blocks and tables made meanwhile are behind what was counted.
        foreach (var cluster in counts.Taken)
        {
            var should = cluster >= references.Length && counts.IsOwn(cluster) ? 1 : references[cluster];
            if (counts.Get(cluster) > should)
                counts.Set(cluster, should);
        }

        counts.Write();
        file.Extend(counts.End << header.ClusterBits);
        file.Flush();
        if (header.Version >= 3 && (header.Incompatible & (Dirty | Corrupt)) != 0)
        {
            Span<byte> field = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(field, header.Incompatible & ~(Dirty | Corrupt));
            file.Write(IncompatibleField, field);
            file.Flush();
        }

        return (before, new Qcow2Checker(file, Qcow2Header.Read(file), progress).Run());
    }

    /// <summary>A new block goes behind everything: what counts as free here may be in use.</summary>
    private static void Cover(Refcounts counts, long cluster, long fileClusters)
    {
        if (counts.IsCovered(cluster))
            return;
        var place = Math.Max(fileClusters, counts.End);
        while (!counts.CountsTogether(cluster, place) && !counts.IsCovered(place))
        {
            counts.Cover(place);
            place = Math.Max(fileClusters, counts.End);
        }

        counts.Cover(cluster, place);
    }

    private static void MendFlags(ImageFile file, Qcow2Header header, Qcow2Checker checker) =>
        checker.Walk(header.L1Offset, header.L1Entries, isActive: true, (where, entry, offset) =>
        {
            var mended = checker.ShouldBeCopied(offset) ? entry | Copied : entry & ~Copied;
            if (mended == entry)
                return;
            Span<byte> field = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(field, mended);
            file.Write(where, field);
        });
}
