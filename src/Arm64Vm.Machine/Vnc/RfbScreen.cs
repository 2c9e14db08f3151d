using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Machine.Vnc;

/// <summary>What a client sees: sends it what has changed on the display since it was sent last, whenever it asks (RFC 6143, 7.6.1).</summary>
/// <remarks>
/// Nothing tells where a guest draws, so a client that waits has the picture looked at thirty times a second, ten times while it stands
/// still, and tile by tile compared with what the client has. Nobody looks while nobody waits.
/// </remarks>
internal sealed class RfbScreen : IDisposable
{
    private const int Raw = 0;
    private const int Zrle = 16;
    private const int DesktopSize = -223;
    private const int RectangleHeader = 12;

    /// <summary>Shown while the guest shows nothing.</summary>
    private const int EmptyWidth = 640;
    private const int EmptyHeight = 480;

    private static readonly TimeSpan s_drawing = TimeSpan.FromMilliseconds(33);
    private static readonly TimeSpan s_standing = TimeSpan.FromMilliseconds(100);
    private const int LooksUntilStanding = 30;

    private readonly VirtualMachine _machine;
    private readonly NetworkStream _stream;
    private readonly SemaphoreSlim _asked = new(0);
    private readonly ScreenChanges _changes = new();
    private readonly ZrleEncoder _zrle = new();
    private readonly Lock _gate = new();
    private byte[]? _picture;
    private byte[] _rectangle = new byte[RectangleHeader];

    /// <summary>What the client thinks the display's size is.</summary>
    private int _columns = EmptyWidth;
    private int _rows = EmptyHeight;

    // What the client has asked for, under the lock.
    private RfbPixelFormat _format = RfbPixelFormat.Usual;
    private bool _isCompressed;
    private bool _canResize;
    private bool _isAsked;
    private bool _wantsAll;

    public RfbScreen(VirtualMachine machine, NetworkStream stream) => (_machine, _stream) = (machine, stream);

    /// <summary>What the client thinks the display's size is.</summary>
    public (int Columns, int Rows) Extent
    {
        get
        {
            lock (_gate)
                return (_columns, _rows);
        }
    }

    /// <summary>The message that begins a session (7.3.2).</summary>
    public byte[] Introduce(string name)
    {
        if (TryLook(out var columns, out var rows))
            SetExtent(columns, rows);
        var text = Encoding.UTF8.GetBytes("Arm64Vm " + name);
        var message = new byte[24 + text.Length];
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)_columns);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)_rows);
        RfbPixelFormat.Usual.Write(message.AsSpan(4));
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(20), text.Length);
        text.CopyTo(message, 24);
        return message;
    }

    /// <summary>The client wants pixels so, from the next update on.</summary>
    public void Use(RfbPixelFormat format)
    {
        lock (_gate)
            _format = format;
    }

    /// <summary>The client understands these encodings.</summary>
    public void Use(ReadOnlySpan<int> encodings)
    {
        lock (_gate)
        {
            // What comes first it likes best; raw is always understood.
            var (zrle, raw) = (encodings.IndexOf(Zrle), encodings.IndexOf(Raw));
            _isCompressed = zrle >= 0 && (raw < 0 || zrle < raw);
            _canResize = encodings.Contains(DesktopSize);
        }
    }

    /// <summary>The client wants an update: of what has changed, as soon as something has, or of everything, now.</summary>
    public void Request(bool isIncremental)
    {
        lock (_gate)
        {
            _wantsAll |= !isIncremental;
            if (_isAsked)
                return;
            _isAsked = true;
        }

        _asked.Release();
    }

    /// <summary>Answers requests until it is stopped.</summary>
    /// <exception cref="IOException">The client is gone.</exception>
    /// <exception cref="OperationCanceledException">It is stopped.</exception>
    public async Task SendAsync(CancellationToken stop)
    {
        while (true)
        {
            await _asked.WaitAsync(stop).ConfigureAwait(false);
            for (var looks = 0; !await TryUpdateAsync(stop).ConfigureAwait(false); looks++)
                await Task.Delay(looks < LooksUntilStanding ? s_drawing : s_standing, stop).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _zrle.Dispose();
        _asked.Dispose();
    }

    /// <summary>False: nothing has changed, and the client waits on.</summary>
    private async Task<bool> TryUpdateAsync(CancellationToken stop)
    {
        RfbPixelFormat format;
        bool isCompressed, canResize, wantsAll;
        lock (_gate)
            (format, isCompressed, canResize, wantsAll) = (_format, _isCompressed, _canResize, _wantsAll);
        var isShown = TryLook(out var columns, out var rows);
        if (isShown && canResize && (columns, rows) != (_columns, _rows))
        {
            SetExtent(columns, rows);
            Answered(toAll: false);
            await _stream.WriteAsync(Begin(1), stop).ConfigureAwait(false);
            await _stream.WriteAsync(Header(new ScreenTiles(0, 0, columns, rows), DesktopSize), stop).ConfigureAwait(false);
            return true;
        }

        if (wantsAll)
            _changes.Forget();
        var changes = _changes.Find(isShown ? _picture : null, columns, rows, _columns, _rows);
        if (changes.Count == 0)
            return false;
        Answered(wantsAll);
        await _stream.WriteAsync(Begin(changes.Count), stop).ConfigureAwait(false);
        foreach (var tiles in changes)
        {
            if (isCompressed)
            {
                await _stream.WriteAsync(Header(tiles, Zrle), stop).ConfigureAwait(false);
                await _stream.WriteAsync(_zrle.Encode(_changes, tiles, format), stop).ConfigureAwait(false);
            }
            else
            {
                await _stream.WriteAsync(Header(tiles, Raw), stop).ConfigureAwait(false);
                await _stream.WriteAsync(Pixels(tiles, format), stop).ConfigureAwait(false);
            }
        }

        return true;
    }

    private bool TryLook(out int columns, out int rows) =>
        _machine.TryCaptureScreen(ref _picture, out columns, out rows) && columns <= ushort.MaxValue && rows <= ushort.MaxValue;

    private void SetExtent(int columns, int rows)
    {
        lock (_gate)
            (_columns, _rows) = (columns, rows);
        _changes.Forget();
    }

    /// <summary>The client has to ask again for what follows.</summary>
    private void Answered(bool toAll)
    {
        lock (_gate)
        {
            _isAsked = false;
            if (toAll)
                _wantsAll = false;
        }
    }

    private static byte[] Begin(int rectangles) => [0, 0, (byte)(rectangles >> 8), (byte)rectangles];

    private static byte[] Header(ScreenTiles tiles, int encoding)
    {
        var header = new byte[RectangleHeader];
        BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)tiles.X);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)tiles.Y);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)tiles.Width);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), (ushort)tiles.Height);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), encoding);
        return header;
    }

    private Memory<byte> Pixels(ScreenTiles tiles, RfbPixelFormat format)
    {
        var length = tiles.Width * tiles.Height * format.Bytes;
        if (_rectangle.Length < length)
            _rectangle = new byte[length];
        var at = 0;
        for (var y = tiles.Y; y < tiles.Y + tiles.Height; y++)
        {
            var row = _changes.Row(tiles.X, y, tiles.Width);
            for (; !row.IsEmpty; row = row[3..])
                at += format.Put(_rectangle.AsSpan(at), format.Convert(row[0], row[1], row[2]));
        }

        return _rectangle.AsMemory(0, length);
    }
}
