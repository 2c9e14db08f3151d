using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Machine.Tests.Vnc;

/// <summary>A VNC client for tests: shakes hands, asks for updates in raw and ZRLE, and keeps the picture (RFC 6143).</summary>
internal sealed class VncClient : IDisposable
{
    public const int Raw = 0;
    public const int Zrle = 16;
    public const int DesktopSize = -223;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly NetworkStream _stream;
    private readonly MemoryStream _compressed = new();
    private ZLibStream? _inflater;
    private long _compressedRead;

    private VncClient(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    public int Columns { get; private set; }

    public int Rows { get; private set; }

    /// <summary>Red, green, blue of every pixel.</summary>
    public byte[] Picture { get; private set; } = [];

    /// <summary>Encodings of the rectangles of the last update.</summary>
    public List<int> Encodings { get; } = [];

    public static async Task<VncClient> ConnectAsync(string path, bool shared = true, params int[] encodings)
    {
        var client = new VncClient(path);
        Assert.Equal("RFB 003.008\n", Encoding.ASCII.GetString(await client.ReadAsync(12)));
        await client.WriteAsync("RFB 003.008\n"u8.ToArray());
        Assert.Equal([1, 1], await client.ReadAsync(2));
        await client.WriteAsync([1]);
        Assert.Equal(new byte[4], await client.ReadAsync(4));
        await client.WriteAsync([shared ? (byte)1 : (byte)0]);
        var start = await client.ReadAsync(24);
        client.Resize(BinaryPrimitives.ReadUInt16BigEndian(start), BinaryPrimitives.ReadUInt16BigEndian(start.AsSpan(2)));
        Assert.StartsWith("Arm64Vm ", Encoding.UTF8.GetString(await client.ReadAsync(BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(20)))), StringComparison.Ordinal);
        await client.WriteAsync([2, 0, 0, (byte)encodings.Length, .. encodings.SelectMany(one => Big(one))]);
        return client;
    }

    /// <summary>What a client hears that begins with this version.</summary>
    public static async Task<string> RefusedAsync(string path, string version, int verdict)
    {
        using var client = new VncClient(path);
        await client.ReadAsync(12);
        await client.WriteAsync(Encoding.ASCII.GetBytes(version));
        Assert.Equal(new byte[verdict], await client.ReadAsync(verdict));
        return Encoding.ASCII.GetString(await client.ReadAsync(BinaryPrimitives.ReadInt32BigEndian(await client.ReadAsync(4))));
    }

    public void Dispose()
    {
        _inflater?.Dispose();
        _stream.Dispose();
    }

    public Task KeyAsync(uint symbol, bool pressed) => WriteAsync([4, pressed ? (byte)1 : (byte)0, 0, 0, .. Big((int)symbol)]);

    public Task PointAsync(byte buttons, ushort x, ushort y) => WriteAsync([5, buttons, (byte)(x >> 8), (byte)x, (byte)(y >> 8), (byte)y]);

    public Task SendAsync(params byte[] bytes) => WriteAsync(bytes);

    public async Task AskAsync(bool incremental) =>
        await WriteAsync([3, incremental ? (byte)1 : (byte)0, 0, 0, 0, 0, (byte)(Columns >> 8), (byte)Columns, (byte)(Rows >> 8), (byte)Rows]);

    /// <summary>Takes an update into the picture.</summary>
    public async Task UpdateAsync()
    {
        Encodings.Clear();
        var head = await ReadAsync(4);
        Assert.Equal(0, head[0]);
        for (var left = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(2)); left > 0; left--)
        {
            var header = await ReadAsync(12);
            int Field(int at) => BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(at));
            var encoding = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(8));
            Encodings.Add(encoding);
            if (encoding == DesktopSize)
                Resize(Field(4), Field(6));
            else if (encoding == Raw)
                Put(Field(0), Field(2), Field(4), Field(6), await ReadAsync(Field(4) * Field(6) * 4));
            else
                Inflate(Field(0), Field(2), Field(4), Field(6), await ReadAsync(BinaryPrimitives.ReadInt32BigEndian(await ReadAsync(4))));
        }
    }

    /// <summary>True: the server has closed the connection.</summary>
    public async Task<bool> IsClosedAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        try
        {
            return await _stream.ReadAsync(new byte[1], limit.Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private void Resize(int columns, int rows)
    {
        (Columns, Rows) = (columns, rows);
        Picture = new byte[columns * rows * 3];
    }

    private void Put(int x, int y, int width, int height, byte[] pixels)
    {
        for (var i = 0; i < width * height; i++)
            Put(x + i % width, y + i / width, pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]);
    }

    private void Put(int x, int y, byte blue, byte green, byte red)
    {
        var at = (y * Columns + x) * 3;
        (Picture[at], Picture[at + 1], Picture[at + 2]) = (red, green, blue);
    }

    private void Inflate(int x, int y, int width, int height, byte[] data)
    {
        _compressed.Position = _compressed.Length;
        _compressed.Write(data);
        _compressed.Position = _compressedRead;
        _inflater ??= new ZLibStream(_compressed, CompressionMode.Decompress);
        for (var top = 0; top < height; top += 64)
        {
            for (var left = 0; left < width; left += 64)
                Tile(x + left, y + top, Math.Min(64, width - left), Math.Min(64, height - top));
        }

        _compressedRead = _compressed.Position;
    }

    private void Tile(int x, int y, int width, int height)
    {
        var colours = Inflated(1)[0];
        Assert.InRange(colours, 0, 16);
        var palette = Inflated(3 * colours);
        for (var row = y; row < y + height; row++)
        {
            var bits = colours switch { 0 => 24, 1 => 0, 2 => 1, <= 4 => 2, _ => 4 };
            var line = Inflated((width * bits + 7) / 8);
            for (var i = 0; i < width; i++)
            {
                var index = bits is 0 or 24 ? 0 : line[i * bits / 8] >> (8 - bits - i * bits % 8) & ((1 << bits) - 1);
                var pixel = bits == 24 ? line.AsSpan(3 * i, 3) : palette.AsSpan(3 * index, 3);
                Put(x + i, row, pixel[0], pixel[1], pixel[2]);
            }
        }
    }

    private byte[] Inflated(int length)
    {
        var bytes = new byte[length];
        _inflater!.ReadExactly(bytes);
        return bytes;
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        using var limit = new CancellationTokenSource(s_patience);
        var bytes = new byte[length];
        await _stream.ReadExactlyAsync(bytes, limit.Token);
        return bytes;
    }

    private async Task WriteAsync(byte[] bytes) => await _stream.WriteAsync(bytes);
}
