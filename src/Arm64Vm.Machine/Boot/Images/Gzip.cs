using System.Buffers.Binary;
using System.IO.Compression;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Gzip around a kernel (RFC 1952).</summary>
internal static class Gzip
{
    private const int MaximumPadding = 1 << 20;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length > 2 && file[0] == 0x1F && file[1] == 0x8B;

    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> file, string what)
    {
        using var packed = UnpackedFile.AsStream(file);
        using var unpacker = new GZipStream(packed, CompressionMode.Decompress);
        var unpacked = UnpackedFile.ReadToEnd(unpacker, file.Length, "gzip", what);
        if (!HasTrailer(file.Span, (uint)unpacked.Length))
            throw new BootImageException($"The gzip data of the {what} is truncated.");
        return unpacked;
    }

    /// <summary>The unpacker ends quietly where a file is cut off, so look for the size that follows complete data, at the end or before padding.</summary>
    private static bool HasTrailer(ReadOnlySpan<byte> file, uint size)
    {
        Span<byte> trailer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, size);
        return file[Math.Max(0, file.Length - MaximumPadding)..].LastIndexOf(trailer) >= 0;
    }
}
