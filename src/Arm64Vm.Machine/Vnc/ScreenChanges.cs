namespace Arm64Vm.Machine.Vnc;

/// <summary>A rectangle of pixels.</summary>
internal readonly record struct ScreenTiles(int X, int Y, int Width, int Height);

/// <summary>The picture that a client has, and where another one differs from it, in tiles.</summary>
internal sealed class ScreenChanges
{
    /// <summary>Pixels across and down: what the ZRLE encoding makes of a rectangle.</summary>
    public const int TileSize = 64;

    private const int PixelSize = 3;

    private readonly List<ScreenTiles> _found = [];
    private byte[] _shown = [];
    private int _columns;
    private int _rows;
    private bool _isKnown;

    /// <summary>What the client has is not to be relied on.</summary>
    public void Forget() => _isKnown = false;

    /// <summary>Finds what is different in a picture, which counts as shown from then on. Tiles beside each other are one rectangle.</summary>
    /// <param name="picture">Red, green and blue of every pixel; null: black everywhere.</param>
    /// <param name="pictureColumns">Its pixels across.</param>
    /// <param name="pictureRows">Its pixels down.</param>
    /// <param name="columns">What the client shows of it; black where there is no picture.</param>
    /// <param name="rows">The same, down.</param>
    /// <returns>Valid until the next call.</returns>
    public IReadOnlyList<ScreenTiles> Find(byte[]? picture, int pictureColumns, int pictureRows, int columns, int rows)
    {
        if (picture is null)
            (pictureColumns, pictureRows) = (0, 0);
        if ((columns, rows) != (_columns, _rows))
        {
            (_columns, _rows, _isKnown) = (columns, rows, false);
            _shown = new byte[columns * rows * PixelSize];
        }

        _found.Clear();
        for (var y = 0; y < rows; y += TileSize)
        {
            var first = -1;
            for (var x = 0; x < columns; x += TileSize)
            {
                var isDifferent = TakeTile(picture, pictureColumns, pictureRows, x, y) || !_isKnown;
                if (isDifferent && first < 0)
                    first = x;
                if (!isDifferent && first >= 0)
                {
                    Add(first, x, y);
                    first = -1;
                }
            }

            if (first >= 0)
                Add(first, columns, y);
        }

        _isKnown = true;
        return _found;
    }

    /// <summary>Pixels of a row of what is shown.</summary>
    public ReadOnlySpan<byte> Row(int x, int y, int width) => _shown.AsSpan((y * _columns + x) * PixelSize, width * PixelSize);

    private void Add(int x, int end, int y) => _found.Add(new ScreenTiles(x, y, end - x, Math.Min(TileSize, _rows - y)));

    private bool TakeTile(byte[]? picture, int pictureColumns, int pictureRows, int x, int y)
    {
        var isDifferent = false;
        var width = Math.Min(TileSize, _columns - x);
        var copied = Math.Clamp(pictureColumns - x, 0, width);
        for (var row = y; row < Math.Min(y + TileSize, _rows); row++)
        {
            var shown = _shown.AsSpan((row * _columns + x) * PixelSize, width * PixelSize);
            var known = row < pictureRows ? copied * PixelSize : 0;
            if (known > 0)
            {
                var next = picture.AsSpan((row * pictureColumns + x) * PixelSize, known);
                if (!next.SequenceEqual(shown[..known]))
                {
                    isDifferent = true;
                    next.CopyTo(shown);
                }
            }

            var rest = shown[known..];
            if (rest.ContainsAnyExcept((byte)0))
            {
                isDifferent = true;
                rest.Clear();
            }
        }

        return isDifferent;
    }
}
