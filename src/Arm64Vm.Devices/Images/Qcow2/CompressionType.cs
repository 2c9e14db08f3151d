namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>How an image's compressed clusters are compressed.</summary>
internal enum CompressionType : byte
{
    /// <summary>Deflate without header (RFC 1951).</summary>
    Zlib = 0,

    /// <summary>Zstandard (RFC 8878).</summary>
    Zstd = 1,
}
