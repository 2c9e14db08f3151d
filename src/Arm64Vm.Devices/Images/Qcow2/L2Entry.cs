using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Where a cluster of the disk is.</summary>
internal enum ClusterKind
{
    /// <summary>Nowhere here: in the backing file, or zeros without one.</summary>
    Unallocated,

    /// <summary>Zeros, with or without a host cluster kept for it.</summary>
    Zero,

    /// <summary>In a host cluster.</summary>
    Normal,

    /// <summary>In some bytes of the file, compressed.</summary>
    Compressed,
}

/// <summary>An entry of an L2 table.</summary>
internal readonly record struct L2Entry(ulong Value)
{
    public ClusterKind Kind =>
        (Value & Compressed) != 0 ? ClusterKind.Compressed
        : (Value & Zero) != 0 ? ClusterKind.Zero
        : (Value & OffsetMask) != 0 ? ClusterKind.Normal
        : ClusterKind.Unallocated;

    /// <summary>Of the host cluster of what is not compressed; 0: it has none.</summary>
    public long HostOffset => (long)(Value & OffsetMask);

    /// <summary>The host cluster is nobody else's.</summary>
    public bool IsCopied => (Value & Copied) != 0;

    /// <summary>May be overwritten where it is.</summary>
    public bool IsWritable => IsCopied && Kind == ClusterKind.Normal;

    public static L2Entry Normal(long hostOffset) => new((ulong)hostOffset | Copied);

    public static L2Entry CompressedAt(long offset, int length, int clusterBits)
    {
        // The count is of 512-byte sectors beyond the one in which the data begins.
        var sectors = ((offset + length - 1) >> 9) - (offset >> 9);
        return new L2Entry(Compressed | ((ulong)sectors << OffsetBits(clusterBits)) | (ulong)offset);
    }

    /// <summary>Of compressed data: first byte, and bytes up to the end of the last sector it may be in.</summary>
    public (long Offset, int Length) CompressedRange(int clusterBits)
    {
        var bits = OffsetBits(clusterBits);
        var offset = (long)(Value & ((1ul << bits) - 1));
        var sectors = (int)((Value & (Compressed - 1)) >> bits) + 1;
        return (offset, (sectors * 512) - (int)(offset & 511));
    }

    private static int OffsetBits(int clusterBits) => 62 - (clusterBits - 8);
}
