using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Arm64Vm.Cli.Files;
using Arm64Vm.Cli.Monitoring;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm profile --attach</c>: asks the process of a machine to record it.</summary>
internal static class AttachedRecording
{
    private const string Command = "profile";
    private const long LargestFile = 1L << 31;

    /// <param name="target">PID, NAME or PID/NAME.</param>
    /// <param name="wish">How it is recorded; the machine's name is found here.</param>
    /// <param name="output">Where the profile goes; opened when recording has begun.</param>
    /// <param name="streams">For messages.</param>
    /// <exception cref="CliException">There is no such machine, or it cannot be recorded.</exception>
    public static int Run(string target, RemoteRecording.Wish wish, OutputFile output, CliStreams streams)
    {
        var (client, name) = Find(target);
        try
        {
            using var socket = client.Connect((wish with { Machine = name }).ToLine());
            using var stream = new NetworkStream(socket);
            var machine = ReadStart(stream);
            OutputFile.Open(output);
            streams.Error.WriteLine($"{Application.Name}: {Command}: recording {machine}{(wish.Duration is null ? "; Ctrl-C ends it" : "")}");
            using var interrupt = EndOn(PosixSignal.SIGINT, socket);
            using var terminate = EndOn(PosixSignal.SIGTERM, socket);
            var profile = ReadFile(stream);
            output.WriteWhole(file => file.Write(profile));
            return ExitStatus.Success;
        }
        catch (Exception e) when (e is SocketException or IOException { InnerException: SocketException } or EndOfStreamException)
        {
            throw CliException.Failure($"{Command}: the machine's process has ended, or gave the recording up");
        }
    }

    private static (StatusClient Client, string? Name) Find(string target)
    {
        var slash = target.IndexOf('/', StringComparison.Ordinal);
        if (int.TryParse(slash < 0 ? target : target[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out var process))
            return (StatusClient.Find(process, Command), slash < 0 ? null : target[(slash + 1)..]);
        var found = StatusClient.FindAll(Command).Where(client => HasMachine(client, target)).ToList();
        return found.Count switch
        {
            0 => throw CliException.Failure($"{Command}: no machine '{target}' is running"),
            1 => (found[0], target),
            _ => throw CliException.Usage($"{Command}: several processes have a machine '{target}'; say PID/{target}, with one of {string.Join(", ", found.Select(client => Path.GetFileNameWithoutExtension(client.Address)))}"),
        };
    }

    private static bool HasMachine(StatusClient client, string name)
    {
        try
        {
            using var document = client.Ask();
            return document.RootElement.GetProperty("machines").EnumerateArray().Any(machine => machine.GetProperty("name").GetString() == name);
        }
        catch (CliException)
        {
            return false; // It has ended meanwhile.
        }
    }

    /// <summary>The name of the machine that is recorded.</summary>
    private static string ReadStart(NetworkStream stream)
    {
        var line = new List<byte>();
        for (int next; (next = stream.ReadByte()) != '\n';)
            line.Add(next >= 0 ? (byte)next : throw new EndOfStreamException());
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString([.. line]));
        return document.RootElement.TryGetProperty("error", out var error)
            ? throw CliException.Failure($"{Command}: {error.GetString()}")
            : document.RootElement.GetProperty("machine").GetString()!;
    }

    private static byte[] ReadFile(NetworkStream stream)
    {
        var head = new byte[sizeof(long)];
        stream.ReadExactly(head);
        var length = BinaryPrimitives.ReadInt64LittleEndian(head);
        if (length is < 0 or >= LargestFile)
            throw new EndOfStreamException();
        var file = new byte[length];
        stream.ReadExactly(file);
        return file;
    }

    private static PosixSignalRegistration EndOn(PosixSignal signal, Socket socket) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }
    });
}
