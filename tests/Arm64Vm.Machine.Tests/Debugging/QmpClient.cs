using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>A client of the control socket.</summary>
internal sealed class QmpClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    public QmpClient(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = new StreamReader(_stream);
    }

    public static async Task<QmpClient> ReadyAsync(string path)
    {
        var client = new QmpClient(path);
        await client.ReadAsync();
        await client.AskAsync("qmp_capabilities");
        return client;
    }

    public void Dispose() => _reader.Dispose();

    public Task SendAsync(string line) => WriteAsync(line + "\n");

    public async Task WriteAsync(string text, CancellationToken cancellation = default) => await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);

    public async Task<JsonElement> ReadAsync()
    {
        using var limit = new CancellationTokenSource(s_patience);
        var line = await _reader.ReadLineAsync(limit.Token) ?? throw new IOException("The connection was closed.");
        return JsonDocument.Parse(line).RootElement;
    }

    /// <summary>What came, events by their names.</summary>
    public async Task<List<string>> ReadManyAsync(int count)
    {
        var names = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var one = await ReadAsync();
            names.Add(one.TryGetProperty("event", out var name) ? name.GetString()! : one.EnumerateObject().First().Name);
        }

        return names;
    }

    /// <summary>The next event of this name; others, and answers, are passed over.</summary>
    /// <param name="name">Its.</param>
    /// <param name="describe">What to say where it does not come.</param>
    /// <exception cref="TimeoutException">It did not come; the message says what did.</exception>
    public async Task<JsonElement> EventAsync(string name, Func<string>? describe = null)
    {
        var others = new List<string>();
        while (true)
        {
            JsonElement one;
            try
            {
                one = await ReadAsync();
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{name} did not come after {string.Join(", ", others)}. {describe?.Invoke()}");
            }

            others.Add(one.GetRawText());
            if (one.TryGetProperty("event", out var kind) && kind.GetString() == name)
                return one.TryGetProperty("data", out var data) ? data : one;
        }
    }

    /// <summary>What a command is refused with: its class and description.</summary>
    public async Task<string> RefusalAsync(string command, string arguments)
    {
        await SendAsync($"{{\"execute\": \"{command}\", \"arguments\": {arguments}}}");
        var answer = await ReadAsync();
        return answer.TryGetProperty("error", out var error) ? $"{error.GetProperty("class").GetString()}: {error.GetProperty("desc").GetString()}" : answer.GetRawText();
    }

    public async Task<JsonElement> AskAsync(string command, string arguments = "{}")
    {
        await SendAsync($"{{\"execute\": \"{command}\", \"arguments\": {arguments}}}");
        var answer = await ReadAsync();
        return answer.TryGetProperty("return", out var value) ? value : throw new InvalidOperationException(answer.GetRawText());
    }
}
