using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Gzip around a kernel (RFC 1952).</summary>
internal static class Gzip
{
    /// <summary>Bounds what a small file can make the host allocate.</summary>
    private const int MaximumSize = 512 << 20;
    private const int MaximumPadding = 1 << 20;

    public static bool IsGzip(ReadOnlySpan<byte> file) => file.Length > 2 && file[0] == 0x1F && file[1] == 0x8B;

    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> file, string what)
    {
        if (!MemoryMarshal.TryGetArray(file, out var array))
            array = new ArraySegment<byte>(file.ToArray());
        using var packed = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        using var unpacker = new GZipStream(packed, CompressionMode.Decompress);
        var unpacked = new byte[Math.Max(64 * 1024, 4 * Math.Min(file.Length, MaximumSize / 4))];
        var length = 0;
        try
        {
            while (true)
            {
                var read = unpacker.Read(unpacked, length, unpacked.Length - length);
                if (read == 0)
                    break;
                length += read;
                if (length < unpacked.Length)
                    continue;
                if (length >= MaximumSize)
                    throw new BootImageException($"The {what} unpacks to more than {MaximumSize >> 20} MiB.");
                Array.Resize(ref unpacked, Math.Min(MaximumSize, length * 2));
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new BootImageException($"The gzip data of the {what} is damaged.");
        }

        if (length == 0 || !HasTrailer(file.Span, (uint)length))
            throw new BootImageException($"The gzip data of the {what} is truncated or empty.");
        return unpacked.AsMemory(0, length);
    }

    /// <summary>The unpacker ends quietly where a file is cut off, so look for the size that follows complete data, at the end or before padding.</summary>
    private static bool HasTrailer(ReadOnlySpan<byte> file, uint size)
    {
        Span<byte> trailer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, size);
        return file[Math.Max(0, file.Length - MaximumPadding)..].LastIndexOf(trailer) >= 0;
    }
}
