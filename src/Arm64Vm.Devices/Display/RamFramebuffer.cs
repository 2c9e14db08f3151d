using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Display;

/// <summary>A picture in guest RAM that the guest announces through the fw_cfg file <c>etc/ramfb</c> (QEMU's ramfb): EDK2 has a driver.</summary>
/// <remarks>
/// The file is the whole state, and is saved and restored with fw_cfg's. Its 28 bytes, all numbers big-endian: address (8), format as a
/// DRM fourcc, flags, width, height, stride in bytes (0: no padding).
/// </remarks>
/// <param name="memory">Where the picture is.</param>
internal sealed class RamFramebuffer(IGuestMemory memory)
{
    /// <summary>The file in fw_cfg.</summary>
    public const string FileName = "etc/ramfb";

    /// <summary>A larger picture is not shown: 48 MiB of an image.</summary>
    public const int MostPixels = 1 << 24;

    private const int ConfigurationSize = 28;

    // Names from drm_fourcc.h; the first colour is in the highest bits of a little-endian number.
    private const uint Xrgb8888 = 'X' | 'R' << 8 | '2' << 16 | '4' << 24;
    private const uint Argb8888 = 'A' | 'R' << 8 | '2' << 16 | '4' << 24;
    private const uint Xbgr8888 = 'X' | 'B' << 8 | '2' << 16 | '4' << 24;
    private const uint Rgb888 = 'R' | 'G' << 8 | '2' << 16 | '4' << 24;
    private const uint Rgb565 = 'R' | 'G' << 8 | '1' << 16 | '6' << 24;

    /// <summary>The file's contents, which the guest writes.</summary>
    public byte[] Configuration { get; } = new byte[ConfigurationSize];

    /// <summary>Copies what is shown. Safe from any thread: a guest that draws meanwhile is caught in the middle.</summary>
    /// <returns>Null where nothing is: no picture announced, one of another format or too large, or not in RAM.</returns>
    public ScreenImage? Capture()
    {
        byte[]? pixels = null;
        return TryCapture(ref pixels, out var width, out var height) ? new ScreenImage(width, height, pixels) : null;
    }

    /// <summary>Copies what is shown into a buffer that is used again as long as the picture keeps its size.</summary>
    /// <param name="pixels">Red, green and blue of every pixel, row by row.</param>
    /// <param name="columns">Pixels of a row.</param>
    /// <param name="rows">How many there are.</param>
    /// <returns>False: nothing is shown, as with <see cref="Capture"/>.</returns>
    public bool TryCapture([NotNullWhen(true)] ref byte[]? pixels, out int columns, out int rows)
    {
        (columns, rows) = (0, 0);

        // Checked on a copy: the guest may change it at any time.
        Span<byte> configuration = stackalloc byte[ConfigurationSize];
        Configuration.CopyTo(configuration);
        var address = BinaryPrimitives.ReadUInt64BigEndian(configuration);
        var format = BinaryPrimitives.ReadUInt32BigEndian(configuration[8..]);
        var width = BinaryPrimitives.ReadUInt32BigEndian(configuration[16..]);
        var height = BinaryPrimitives.ReadUInt32BigEndian(configuration[20..]);
        var stride = BinaryPrimitives.ReadUInt32BigEndian(configuration[24..]);
        var pixel = format switch { Xrgb8888 or Argb8888 or Xbgr8888 => 4u, Rgb888 => 3u, Rgb565 => 2u, _ => 0u };
        if (pixel == 0 || width == 0 || height == 0 || (ulong)width * height > MostPixels)
            return false;
        if (stride == 0)
            stride = width * pixel;
        if (stride < width * pixel)
            return false;

        if (pixels is null || pixels.Length != width * height * 3)
            pixels = new byte[width * height * 3];
        for (var row = 0u; row < height; row++)
        {
            var source = memory.Map(address + (ulong)row * stride, width * pixel);
            if ((uint)source.Length < width * pixel)
                return false;
            Convert(source, format, (int)pixel, pixels.AsSpan((int)(row * width * 3), (int)width * 3));
        }

        (columns, rows) = ((int)width, (int)height);
        return true;
    }

    private static void Convert(ReadOnlySpan<byte> source, uint format, int pixel, Span<byte> destination)
    {
        for (int from = 0, to = 0; to < destination.Length; from += pixel, to += 3)
        {
            switch (format)
            {
                case Xbgr8888:
                    source.Slice(from, 3).CopyTo(destination[to..]);
                    break;
                case Rgb565:
                    int value = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
                    destination[to] = Widen(value >> 11, 5);
                    destination[to + 1] = Widen(value >> 5 & 0x3F, 6);
                    destination[to + 2] = Widen(value & 0x1F, 5);
                    break;
                default:
                    destination[to] = source[from + 2];
                    destination[to + 1] = source[from + 1];
                    destination[to + 2] = source[from];
                    break;
            }
        }
    }

    /// <summary>A colour of few bits in 8: its highest bits again below.</summary>
    private static byte Widen(int value, int bits) => (byte)(value << (8 - bits) | value >> (2 * bits - 8));
}
