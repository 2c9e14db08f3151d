using System.Buffers.Binary;
using System.IO.Compression;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Gzip around a kernel (RFC 1952).</summary>
internal static class Gzip
{
    private const int MaximumPadding = 1 << 20;

    /// <summary>CRC and size.</summary>
    private const int TrailerSize = 8;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length > 2 && file[0] == 0x1F && file[1] == 0x8B;

    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> file, string what)
    {
        using var packed = UnpackedFile.AsStream(file);
        using var unpacker = new GZipStream(packed, CompressionMode.Decompress);
        var unpacked = UnpackedFile.ReadToEnd(unpacker, file.Length, "gzip", what);
        if (!HasTrailer(file.Span, (uint)unpacked.Length) && !EndsWithMember(file.Span, unpacked.Span))
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

    /// <summary>Of several members (RFC 1952 2.2) only the last one's size is at the end, and its CRC before that: both fit the end of what was unpacked.</summary>
    private static bool EndsWithMember(ReadOnlySpan<byte> file, ReadOnlySpan<byte> unpacked)
    {
        // Zeros may follow, of which the size's upper bytes cannot be told.
        var last = file.LastIndexOfAnyExcept((byte)0) + 1;
        for (var end = Math.Max(last, TrailerSize); end <= Math.Min(last + TrailerSize, file.Length); end++)
        {
            var trailer = file[(end - TrailerSize)..end];
            var size = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
            if (size <= (uint)unpacked.Length && Crc32(unpacked[^(int)size..]) == BinaryPrimitives.ReadUInt32LittleEndian(trailer))
                return true;
        }

        return false;
    }

    /// <summary>The CRC of RFC 1952, chapter 8.</summary>
    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        const uint Polynomial = 0xEDB8_8320;
        Span<uint> table = stackalloc uint[256];
        for (var i = 0; i < table.Length; i++)
        {
            var entry = (uint)i;
            for (var bit = 0; bit < 8; bit++)
                entry = (entry & 1) != 0 ? (entry >> 1) ^ Polynomial : entry >> 1;
            table[i] = entry;
        }

        var crc = uint.MaxValue;
        foreach (var value in bytes)
            crc = table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }
}
