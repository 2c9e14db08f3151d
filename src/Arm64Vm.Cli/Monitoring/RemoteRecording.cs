using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>A recording of a machine of this process, for a client of its socket.</summary>
/// <remarks>
/// The request is <see cref="Request"/> and a JSON object on the same line. The answer is a JSON line, {"machine": name} when recording has begun or {"error": text}, and then, when the
/// time is over, the machine has ended, or the client has closed its sending side or is gone, eight bytes of length in little-endian order and the file.
/// </remarks>
internal static class RemoteRecording
{
    public const string Request = "profile ";

    /// <summary>What a client asks for.</summary>
    /// <param name="Machine">Its name; null: the only one.</param>
    /// <param name="Options">How.</param>
    /// <param name="Duration">For how long; null: until the client says so.</param>
    internal sealed record Wish(string? Machine, RecordingOptions Options, TimeSpan? Duration)
    {
        public string ToLine()
        {
            using var bytes = new MemoryStream();
            using (var json = new Utf8JsonWriter(bytes))
            {
                json.WriteStartObject();
                if (Machine is not null)
                    json.WriteString("machine", Machine);
                if (Options.Interval is { } interval)
                    json.WriteNumber("interval_ns", interval);
                json.WriteBoolean("exact", Options.IsExact);
                json.WriteString("version", Options.Version);
                json.WriteStartArray("symbols");
                foreach (var file in Options.SymbolFiles)
                    json.WriteStringValue(file);
                json.WriteEndArray();
                if (Duration is { } duration)
                    json.WriteNumber("duration_ms", duration.TotalMilliseconds);
                json.WriteEndObject();
            }

            return Request + Encoding.UTF8.GetString(bytes.ToArray());
        }

        /// <exception cref="JsonException">It is none.</exception>
        public static Wish Parse(string text)
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                var root = document.RootElement;
                return new Wish(
                    root.TryGetProperty("machine", out var name) ? name.GetString() : null,
                    new RecordingOptions
                    {
                        Interval = root.TryGetProperty("interval_ns", out var interval) ? Math.Clamp(interval.GetInt64(), RecordingOptions.ShortestInterval, RecordingOptions.LongestInterval) : null,
                        IsExact = root.GetProperty("exact").GetBoolean(),
                        Version = root.GetProperty("version").GetString()!,
                        SymbolFiles = [.. root.GetProperty("symbols").EnumerateArray().Select(file => file.GetString()!)],
                    },
                    root.TryGetProperty("duration_ms", out var duration) ? TimeSpan.FromMilliseconds(Math.Clamp(duration.GetDouble(), 1, int.MaxValue)) : null);
            }
            catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new JsonException(e.Message, e);
            }
        }
    }

    /// <exception cref="SocketException">The client is gone before it was told anything.</exception>
    public static async Task ServeAsync(Hypervisor hypervisor, Socket connection, string request)
    {
        var told = false;
        Profile profile;
        try
        {
            var wish = Wish.Parse(request);
            var machine = Choose(hypervisor, wish.Machine);
            using var ending = new CancellationTokenSource();
            if (wish.Duration is { } duration)
                ending.CancelAfter(duration);
            profile = await machine.RecordAsync(wish.Options, Begun, ending.Token).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);

            void Begun()
            {
                told = true;
                _ = WatchAsync(connection, ending);
                try
                {
                    connection.Send(Line("machine", machine.Name));
                }
                catch (SocketException)
                {
                    ending.Cancel(); // The client is gone already.
                }
            }
        }
        catch (Exception e) when (!told && e is InvalidOperationException or MachineConfigurationException or JsonException or IOException or UnauthorizedAccessException)
        {
            await connection.SendAsync(Line("error", e.Message)).ConfigureAwait(false);
            return;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return; // The machine was taken away; the client sees that nothing comes.
        }

        using var bytes = new MemoryStream();
        bytes.Write(new byte[sizeof(long)]);
        ProfileFile.Write(profile, bytes);
        var all = bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
        BinaryPrimitives.WriteInt64LittleEndian(all.Span, bytes.Length - sizeof(long));
        while (!all.IsEmpty)
            all = all[await connection.SendAsync(all, SocketFlags.None).ConfigureAwait(false)..];
    }

    private static VirtualMachine Choose(Hypervisor hypervisor, string? name)
    {
        var machines = hypervisor.Machines;
        var named = machines.Where(machine => name is null || machine.Name == name).ToList();
        return named.Count == 1 ? named[0] : throw new InvalidOperationException(
            named.Count == 0 ? "There is no such machine." : $"Say which machine: {string.Join(", ", machines.Select(machine => machine.Name))}.");
    }

    /// <summary>The client closes its side, or goes: the recording ends.</summary>
    private static async Task WatchAsync(Socket connection, CancellationTokenSource ending)
    {
        try
        {
            while (await connection.ReceiveAsync(new byte[1], SocketFlags.None, ending.Token).ConfigureAwait(false) > 0)
            {
                // Nothing more is expected of it.
            }

            await ending.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The recording has ended.
        }
        catch (SocketException)
        {
            await ending.CancelAsync().ConfigureAwait(false);
        }
    }

    private static byte[] Line(string name, string value)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString(name, value);
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}
