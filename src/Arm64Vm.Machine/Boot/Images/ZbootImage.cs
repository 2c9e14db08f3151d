using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>An EFI application that carries a compressed Linux Image (drivers/firmware/efi/libstub/zboot in Linux).</summary>
internal static class ZbootImage
{
    private const int PayloadOffset = 8;
    private const int PayloadSize = 12;
    private const int Compression = 24;
    private const int CompressionLength = 32;
    private const int HeaderSize = 64;

    public static bool IsZboot(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderSize && file.StartsWith("MZ"u8) && file.Slice(4, 4).SequenceEqual("zimg"u8);

    public static ReadOnlyMemory<byte> Unpack(ReadOnlyMemory<byte> file)
    {
        var header = file.Span;
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(header[PayloadOffset..]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[PayloadSize..]);
        if (offset > (uint)file.Length || size > (uint)file.Length - offset)
            throw new BootImageException("The compressed kernel inside the EFI image lies outside the file.");
        var field = header.Slice(Compression, CompressionLength);
        var end = field.IndexOf((byte)0);
        var name = Encoding.ASCII.GetString(end < 0 ? field : field[..end]);
        var payload = file.Slice((int)offset, (int)size);
        const string What = "kernel inside the EFI image";
        if (name == "gzip")
            return Gzip.IsGzip(payload.Span) ? Gzip.Decompress(payload, What) : throw Damaged(name);

        // Older kernels name the make rule that packed them, zstd22.
        if (name is "zstd" or "zstd22")
            return Zstandard.IsZstandard(payload.Span) ? Zstandard.Decompress(payload, What) : throw Damaged(name);
        var printable = name.All(char.IsAsciiLetterOrDigit) && name.Length > 0 ? name : "an unknown method";
        throw new BootImageException($"The kernel inside the EFI image is compressed with {printable}; only gzip and zstd are supported.");
    }

    private static BootImageException Damaged(string name) =>
        new($"The kernel inside the EFI image should be compressed with {name}, but its first bytes are not {name}'s: the file is damaged.");
}
