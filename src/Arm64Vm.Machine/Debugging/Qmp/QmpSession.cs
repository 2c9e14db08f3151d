using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>One client of the control socket. Commands are answered in order; events come between the answers.</summary>
/// <remarks>So much waits at most for a client that does not read; then it is sent away. Its commands are read one block at a time.</remarks>
internal sealed class QmpSession(QmpCommands commands, Stream stream)
{
    /// <summary>Answers and events that wait for a client.</summary>
    public const int MostWaiting = 256;

    private const int BlockSize = 4096;
    private readonly QmpFraming _framing = new();
    private readonly CancellationTokenSource _sentAway = new();
    private readonly Channel<byte[]> _output = Channel.CreateBounded<byte[]>(MostWaiting);

    /// <summary>The client has said qmp_capabilities: commands and events are for those who have.</summary>
    private volatile bool _isReady;

    /// <summary>Serves the client until it goes.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="OperationCanceledException">The server ends, or the client did not read.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _sentAway.Token);
        var writing = WriteAsync(end.Token);
        try
        {
            Send(json =>
            {
                json.WriteStartObject("QMP");
                json.WritePropertyName("version");
                QmpCommands.WriteVersion(json);
                json.WriteStartArray("capabilities");
                json.WriteEndArray();
                json.WriteEndObject();
            });
            await ReadAsync(end.Token).ConfigureAwait(false);
        }
        finally
        {
            _output.Writer.TryComplete();
            await Task.WhenAny(writing, Task.Delay(1000, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    /// <summary>Tells the client of an event. Any thread.</summary>
    public void Raise(string name, Action<Utf8JsonWriter>? data)
    {
        if (!_isReady)
            return;
        Send(json =>
        {
            json.WriteString("event", name);
            if (data is not null)
            {
                json.WriteStartObject("data");
                data(json);
                json.WriteEndObject();
            }

            var now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;
            json.WriteStartObject("timestamp");
            json.WriteNumber("seconds", now / 1_000_000);
            json.WriteNumber("microseconds", now % 1_000_000);
            json.WriteEndObject();
        });
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var block = new byte[BlockSize];
        int length;
        while ((length = await stream.ReadAsync(block, cancellation).ConfigureAwait(false)) > 0)
        {
            ReadOnlyMemory<byte> bytes = block.AsMemory(0, length);
            while (!bytes.IsEmpty)
            {
                using var command = Next(ref bytes, out var error);
                if (error is not null)
                    Refuse(null, new QmpException(error));
                else if (command is not null)
                    await AnswerAsync(command.RootElement).ConfigureAwait(false);
            }
        }
    }

    private JsonDocument? Next(ref ReadOnlyMemory<byte> bytes, out string? error)
    {
        var span = bytes.Span;
        var command = _framing.Next(ref span, out error);
        bytes = bytes[^span.Length..];
        return command;
    }

    private async Task AnswerAsync(JsonElement command)
    {
        JsonElement? id = command.TryGetProperty("id", out var given) ? given : null;
        try
        {
            if (!command.TryGetProperty("execute", out var execute))
                throw new QmpException("QMP input lacks member 'execute'");
            if (execute.ValueKind != JsonValueKind.String)
                throw new QmpException("QMP input member 'execute' must be a string");
            command.TryGetProperty("arguments", out var arguments);
            if (arguments.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
                throw new QmpException("QMP input member 'arguments' must be an object");
            var name = execute.GetString()!;
            Require(name);
            var result = new ArrayBufferWriter<byte>();
            var json = new Utf8JsonWriter(result);
            await using (json.ConfigureAwait(false))
            {
                if (name == "qmp_capabilities")
                    QmpCommands.WriteNothing(json);
                else
                    await commands.ExecuteAsync(name, new QmpArguments(arguments), json).ConfigureAwait(false);
            }

            Send(answer =>
            {
                answer.WritePropertyName("return");
                answer.WriteRawValue(result.WrittenSpan);
                WriteId(answer, id);
            });
        }
        catch (QmpException e)
        {
            Refuse(id, e);
        }
    }

    private void Require(string name)
    {
        if (name == "qmp_capabilities" && _isReady)
            throw new QmpException(QmpException.NotFound, "Capabilities negotiation is already complete, command 'qmp_capabilities' is not available");
        if (name != "qmp_capabilities" && !_isReady)
            throw new QmpException(QmpException.NotFound, "Expecting capabilities negotiation with 'qmp_capabilities'");
        _isReady = true;
    }

    private void Refuse(JsonElement? id, QmpException error) => Send(json =>
    {
        json.WriteStartObject("error");
        json.WriteString("class", error.ErrorClass);
        json.WriteString("desc", error.Message);
        json.WriteEndObject();
        WriteId(json, id);
    });

    private static void WriteId(Utf8JsonWriter json, JsonElement? id)
    {
        if (id is not { } value)
            return;
        json.WritePropertyName("id");
        value.WriteTo(json);
    }

    /// <summary>Puts a line into the queue; a client whose queue is full is sent away.</summary>
    private void Send(Action<Utf8JsonWriter> write)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        line.Write("\r\n"u8);
        if (!_output.Writer.TryWrite(line.WrittenSpan.ToArray()))
            _sentAway.Cancel();
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        try
        {
            await foreach (var line in _output.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                await stream.WriteAsync(line, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client is gone; the reader notices too.
            await _sentAway.CancelAsync().ConfigureAwait(false);
        }
    }
}
