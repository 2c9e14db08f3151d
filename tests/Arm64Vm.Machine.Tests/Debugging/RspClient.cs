using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>The debugger's end of the remote serial protocol, without any knowledge of what it says.</summary>
internal sealed class RspClient(Stream stream) : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly byte[] _one = new byte[1];

    public static RspClient Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return new RspClient(new NetworkStream(socket, ownsSocket: true));
    }

    public bool Acknowledges { get; set; } = true;

    public void Dispose() => stream.Dispose();

    public async Task<string> AskAsync(string packet)
    {
        await SendAsync(packet);
        return await ReadAsync();
    }

    public async Task SendAsync(string packet)
    {
        var data = Encoding.Latin1.GetBytes(packet);
        await WriteAsync($"${packet}#{(byte)data.Sum(value => value):x2}");
        if (Acknowledges)
            Assert.Equal('+', await ByteAsync());
    }

    public async Task WriteAsync(string raw) => await stream.WriteAsync(Encoding.Latin1.GetBytes(raw), TestContext.Current.CancellationToken);

    /// <summary>The next packet, acknowledged.</summary>
    public async Task<string> ReadAsync()
    {
        while (await ByteAsync() != '$')
        {
        }

        var text = new StringBuilder();
        var sum = 0;
        char next;
        while ((next = await ByteAsync()) != '#')
        {
            sum += next;
            if (next == '}')
            {
                next = await ByteAsync();
                sum += next;
                next = (char)(next ^ 0x20);
            }

            text.Append(next);
        }

        var checksum = $"{await ByteAsync()}{await ByteAsync()}";
        Assert.Equal((byte)sum, byte.Parse(checksum, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        try
        {
            if (Acknowledges)
                await WriteAsync("+");
        }
        catch (IOException)
        {
            // It was the last word of a machine that has ended.
        }

        return text.ToString();
    }

    public async Task<char> ByteAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        var count = await stream.ReadAsync(_one, limit.Token);
        return count == 0 ? throw new IOException("The connection was closed.") : (char)_one[0];
    }
}
