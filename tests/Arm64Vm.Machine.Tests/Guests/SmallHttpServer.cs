using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Files over HTTP/1.1, one request for each connection: GET what is there, PUT what shall be.</summary>
internal sealed class SmallHttpServer : IDisposable
{
    private readonly TcpListener _listener;

    public SmallHttpServer(IPAddress address)
    {
        _listener = new TcpListener(address, 0);
        _listener.Start();
        _ = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Path, from the slash on, to contents.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            var stream = new BufferedStream(client.GetStream());
            if ((await ReadLineAsync(stream)).Split(' ') is not [var method, var path, _])
                return;
            path = path.Replace("/./", "/", StringComparison.Ordinal); // apt asks a flat repository so
            var length = 0;
            for (var line = await ReadLineAsync(stream); line.Length > 0; line = await ReadLineAsync(stream))
            {
                if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                    length = int.Parse(line.AsSpan(15), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
            }

            byte[] answer = [];
            var found = true;
            if (method == "PUT")
            {
                var body = new byte[length];
                await stream.ReadExactlyAsync(body);
                Files[path] = body;
            }
            else
            {
                found = Files.TryGetValue(path, out var file);
                answer = file ?? [];
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {(found ? "200 OK" : "404 Not Found")}\r\nContent-Length: {answer.Length}\r\nConnection: close\r\n\r\n"));
            await stream.WriteAsync(answer);
            await stream.FlushAsync();
        }
    }

    private static async Task<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n')
        {
            if (one[0] != '\r')
                line.Append((char)one[0]);
        }

        return line.ToString();
    }
}
