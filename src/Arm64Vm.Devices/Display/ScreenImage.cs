using System.Buffers.Binary;
using System.IO.Compression;

namespace Arm64Vm.Devices.Display;

/// <summary>What a display shows at one moment.</summary>
public sealed class ScreenImage
{
    private const int BytesPerPixel = 3;

    internal ScreenImage(int width, int height, byte[] pixels)
    {
        (Width, Height) = (width, height);
        Pixels = pixels;
    }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Red, green and blue of every pixel, row by row from the upper left, without padding.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Writes the image as PNG (ISO/IEC 15948), 8 bits of each colour.</summary>
    /// <exception cref="IOException">The stream does not take it.</exception>
    public void WritePng(Stream output)
    {
        output.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], Height);
        header[8] = 8; // bits
        header[9] = 2; // red, green, blue
        header[10..].Clear(); // deflate, filters per row, not interlaced
        WriteChunk(output, "IHDR"u8, header);
        WriteChunk(output, "IDAT"u8, Compress());
        WriteChunk(output, "IEND"u8, []);
    }

    private byte[] Compress()
    {
        using var data = new MemoryStream();
        using (var deflate = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var row = 0; row < Height; row++)
            {
                deflate.WriteByte(0); // no filter
                deflate.Write(Pixels.Span.Slice(row * Width * BytesPerPixel, Width * BytesPerPixel));
            }
        }

        return data.ToArray();
    }

    private static void WriteChunk(Stream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        output.Write(number);
        output.Write(type);
        output.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Checksum(Checksum(uint.MaxValue, type), data));
        output.Write(number);
    }

    /// <summary>CRC-32 as in ISO/IEC 15948, annex D, before the final complement.</summary>
    private static uint Checksum(uint value, ReadOnlySpan<byte> data)
    {
        const uint Polynomial = 0xEDB8_8320;
        Span<uint> table = stackalloc uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++)
                entry = (entry >> 1) ^ ((entry & 1) != 0 ? Polynomial : 0);
            table[(int)i] = entry;
        }

        foreach (var one in data)
            value = table[(byte)(value ^ one)] ^ (value >> 8);
        return value;
    }
}
