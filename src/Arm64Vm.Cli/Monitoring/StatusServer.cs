using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Arm64Vm.Devices;
using Arm64Vm.Machine;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>
/// Tells <c>arm64vm top</c> what a process's machines use, and records profiles for <c>arm64vm profile --attach</c>: a socket of the user's. A client sends a line;
/// <see cref="StatusRequest"/> is answered with one JSON document, <see cref="RemoteRecording.Request"/> with a recording.
/// </summary>
internal sealed class StatusServer : IDisposable
{
    public const string StatusRequest = "status";

    private const int LongestRequest = 64 << 10;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>How long recordings of machines that have ended may take to be finished and sent.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(30);

    private readonly Hypervisor _hypervisor;
    private readonly ConcurrentDictionary<Task, bool> _answers = new();
    private readonly Socket _listener;
    private readonly string _path;

    private StatusServer(Hypervisor hypervisor, Socket listener, string path)
    {
        (_hypervisor, _listener, _path) = (hypervisor, listener, path);
        _ = ServeAsync();
    }

    /// <summary>The folder of the sockets; null where the user has no folder for such things (XDG base directory specification).</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? Path.Combine(runtime, Application.Name) : null;

    /// <summary>Where the process with this number answers.</summary>
    public static string PathOf(string folder, int process) => Path.Combine(folder, process.ToString(CultureInfo.InvariantCulture) + ".sock");

    /// <summary>Null where there is no place for a socket: a machine runs without it.</summary>
    public static StatusServer? TryStart(Hypervisor hypervisor)
    {
        if (Folder is not { } folder || !OperatingSystem.IsLinux())
            return null;
        var path = PathOf(folder, Environment.ProcessId);
        Socket? listener = null;
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // Of a process that had the number before and was killed.
            File.Delete(path);
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen(4);
            return new StatusServer(hypervisor, listener, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            listener?.Dispose();
            return null;
        }
    }

    /// <summary>Ends answering. The machines have ended; recordings of them are sent before.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        Task.WhenAny(Task.WhenAll(_answers.Keys), Task.Delay(s_grace)).Wait();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder has gone; so has the socket.
        }
    }

    private async Task ServeAsync()
    {
        var acceptor = new ConnectionAcceptor(_listener);
        while (await acceptor.NextAsync().ConfigureAwait(false) is { } connection)
        {
            var answer = AnswerAsync(connection);
            _answers[answer] = true;
            _ = answer.ContinueWith(done => _answers.TryRemove(done, out _), TaskScheduler.Default);
        }
    }

    private async Task AnswerAsync(Socket connection)
    {
        using (connection)
        {
            try
            {
                using var limit = new CancellationTokenSource(s_patience);
                var request = await ReadLineAsync(connection, limit.Token).ConfigureAwait(false);
                if (request == StatusRequest)
                    await connection.SendAsync(Document(_hypervisor), SocketFlags.None, limit.Token).ConfigureAwait(false);
                else if (request.StartsWith(RemoteRecording.Request, StringComparison.Ordinal))
                    await RemoteRecording.ServeAsync(_hypervisor, connection, request[RemoteRecording.Request.Length..]).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has gone, or does not read.
            }
        }
    }

    private static async Task<string> ReadLineAsync(Socket connection, CancellationToken cancellation)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (line.Count < LongestRequest && await connection.ReceiveAsync(one, SocketFlags.None, cancellation).ConfigureAwait(false) == 1 && one[0] != '\n')
            line.Add(one[0]);
        return Encoding.UTF8.GetString([.. line]);
    }

    internal static byte[] Document(Hypervisor hypervisor)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("process", Environment.ProcessId);
            json.WriteNumber("time_ns", new HostClock().Nanoseconds);
            json.WriteNumber("workers", hypervisor.Workers);
            json.WriteNumber("waiting", hypervisor.Waiting);
            json.WriteStartArray("machines");
            foreach (var machine in hypervisor.GetUsage())
                Write(json, machine);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, MachineUsage machine)
    {
        json.WriteStartObject();
        json.WriteString("name", machine.Name);
        json.WriteString("state", machine.State.ToString());
        json.WriteNumber("weight", machine.Weight);
        json.WriteNumber("cap", machine.Cap);
        json.WriteNumber("run_ns", machine.RunTime.Ticks * TimeSpan.NanosecondsPerTick);
        json.WriteNumber("idle_bytes_released", machine.IdleBytesReleased);
        if (machine is { Cache: { } cache, Translation: { } translation })
        {
            json.WriteStartObject("cache");
            json.WriteNumber("live_units", cache.Units);
            json.WriteNumber("live_bytes", cache.Bytes);
            json.WriteNumber("table_bytes", cache.TableBytes);
            json.WriteNumber("capacity", cache.Capacity);
            json.WriteNumber("made", translation.Units);
            json.WriteNumber("written", translation.Invalidated);
            json.WriteNumber("evicted", translation.Evicted);
            json.WriteNumber("flushes", translation.Flushes);
            json.WriteNumber("links", translation.Links);
            json.WriteNumber("fetches", translation.Fetches);
            json.WriteEndObject();
        }

        json.WriteStartArray("processors");
        foreach (var processor in machine.Processors)
        {
            json.WriteStartObject();
            json.WriteNumber("index", processor.Index);
            json.WriteString("state", processor.Schedule is { } standing ? Name(standing.State) : "stands");
            json.WriteNumber("run_ns", processor.RunTime.Ticks * TimeSpan.NanosecondsPerTick);
            if (processor.Schedule is { } schedule)
            {
                json.WriteNumber("runs", schedule.Runs);
                json.WriteNumber("preemptions", schedule.Preemptions);
                json.WriteNumber("yields", schedule.Yields);
                json.WriteNumber("waits", schedule.Waits);
                json.WriteNumber("migrations", schedule.Migrations);
                json.WriteNumber("throttles", schedule.Throttles);
                json.WriteNumber("worker", schedule.Worker);
            }

            json.WriteStartObject("exits");
            foreach (var (reason, count) in processor.Exits)
                json.WriteNumber(reason, count);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Name(EntityState state) => state switch
    {
        EntityState.Running or EntityState.RunningWoken => "running",
        EntityState.Queued or EntityState.Created => "queued",
        EntityState.Throttled => "capped",
        EntityState.Parked => "waiting",
        _ => "stands",
    };
}
