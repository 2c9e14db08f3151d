using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Images;

/// <summary>What a new qcow2 image is like (version 3).</summary>
internal sealed record Qcow2Options
{
    /// <summary>Bytes; a power of two from 512 to 2 MiB.</summary>
    public int ClusterSize { get; init; } = 64 << 10;

    /// <summary>1, 2, 4, 8, 16, 32 or 64.</summary>
    public int RefcountBits { get; init; } = 16;

    /// <summary>As it is written into the image: absolute, or relative to the image's folder; null: none.</summary>
    public string? BackingFile { get; init; }

    /// <summary>Of the backing file; null: it is recognized each time.</summary>
    public DiskFormat? BackingFormat { get; init; }

    /// <summary>How compressed clusters of the image are compressed.</summary>
    public CompressionType Compression { get; init; }
}
