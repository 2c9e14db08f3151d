using ZstdSharp;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Zstandard around a kernel (RFC 8878), as distributions pack theirs inside an EFI image.</summary>
internal static class Zstandard
{
    public static bool IsZstandard(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]);

    public static ReadOnlyMemory<byte> Decompress(ReadOnlyMemory<byte> file, string what)
    {
        using var packed = UnpackedFile.AsStream(file);
        using var unpacker = new DecompressionStream(packed);
        return UnpackedFile.ReadToEnd(unpacker, file.Length, "zstd", what);
    }
}
