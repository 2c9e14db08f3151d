using System.Buffers.Binary;
using System.IO.Compression;

namespace Arm64Vm.Machine.Vnc;

/// <summary>Rectangles in the ZRLE encoding (RFC 6143, 7.7.6): tiles of few colours as indices, all in one stream of zlib's for the whole session.</summary>
internal sealed class ZrleEncoder : IDisposable
{
    private const int LengthSize = 4;
    private const int MostColours = 16;

    private readonly MemoryStream _output = new();
    private readonly ZLibStream _compressor;
    private readonly uint[] _pixels = new uint[ScreenChanges.TileSize * ScreenChanges.TileSize];
    private readonly uint[] _palette = new uint[MostColours];

    /// <summary>A tile: its kind, colours, and pixels of up to four bytes.</summary>
    private readonly byte[] _tile = new byte[1 + MostColours * sizeof(uint) + ScreenChanges.TileSize * ScreenChanges.TileSize * sizeof(uint)];

    public ZrleEncoder() => _compressor = new ZLibStream(_output, CompressionLevel.Fastest, leaveOpen: true);

    /// <summary>Encodes a rectangle.</summary>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlyMemory<byte> Encode(ScreenChanges screen, ScreenTiles rectangle, RfbPixelFormat format)
    {
        _output.SetLength(0);
        _output.Write(stackalloc byte[LengthSize]);
        for (var y = 0; y < rectangle.Height; y += ScreenChanges.TileSize)
        {
            for (var x = 0; x < rectangle.Width; x += ScreenChanges.TileSize)
            {
                var (width, height) = (Math.Min(ScreenChanges.TileSize, rectangle.Width - x), Math.Min(ScreenChanges.TileSize, rectangle.Height - y));
                _compressor.Write(_tile, 0, Tile(screen, rectangle.X + x, rectangle.Y + y, width, height, format));
            }
        }

        // The client must have all of it (Z_SYNC_FLUSH).
        _compressor.Flush();
        var bytes = _output.GetBuffer().AsMemory(0, (int)_output.Length);
        BinaryPrimitives.WriteInt32BigEndian(bytes.Span, bytes.Length - LengthSize);
        return bytes;
    }

    public void Dispose()
    {
        _compressor.Dispose();
        _output.Dispose();
    }

    private int Tile(ScreenChanges screen, int x, int y, int width, int height, RfbPixelFormat format)
    {
        var count = 0;
        for (var row = y; row < y + height; row++)
        {
            var source = screen.Row(x, row, width);
            for (; !source.IsEmpty; source = source[3..])
                _pixels[count++] = format.Convert(source[0], source[1], source[2]);
        }

        var pixels = _pixels.AsSpan(0, count);
        var colours = FindColours(pixels);

        // The kind is the number of colours; 0: each pixel is there itself.
        _tile[0] = (byte)colours;
        var at = 1;
        for (var i = 0; i < colours; i++)
            at += format.PutCompact(_tile.AsSpan(at), _palette[i]);
        if (colours == 0)
        {
            foreach (var pixel in pixels)
                at += format.PutCompact(_tile.AsSpan(at), pixel);
        }
        else if (colours > 1)
        {
            at = PutIndices(at, pixels, width, colours);
        }

        return at;
    }

    /// <summary>Fills the palette; 0: there are too many colours.</summary>
    private int FindColours(ReadOnlySpan<uint> pixels)
    {
        var count = 0;
        var last = ~pixels[0];
        foreach (var pixel in pixels)
        {
            if (pixel == last)
                continue;
            last = pixel;
            if (_palette.AsSpan(0, count).Contains(pixel))
                continue;
            if (count == MostColours)
                return 0;
            _palette[count++] = pixel;
        }

        return count;
    }

    /// <summary>One, two or four bits for a pixel, the first one highest; rows begin with a byte.</summary>
    private int PutIndices(int at, ReadOnlySpan<uint> pixels, int width, int colours)
    {
        var bits = colours switch { 2 => 1, <= 4 => 2, _ => 4 };
        var palette = _palette.AsSpan(0, colours);
        for (; !pixels.IsEmpty; pixels = pixels[width..])
        {
            var (value, room) = (0, 8);
            foreach (var pixel in pixels[..width])
            {
                room -= bits;
                value |= palette.IndexOf(pixel) << room;
                if (room > 0)
                    continue;
                _tile[at++] = (byte)value;
                (value, room) = (0, 8);
            }

            if (room < 8)
                _tile[at++] = (byte)value;
        }

        return at;
    }
}
