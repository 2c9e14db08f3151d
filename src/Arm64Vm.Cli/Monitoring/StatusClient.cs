using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>Asks a process what its machines use.</summary>
internal sealed class StatusClient(string path)
{
    private const int LargestDocument = 256 << 20;

    /// <summary>The process to ask.</summary>
    /// <param name="process">Its number; null: the only one there is.</param>
    /// <exception cref="CliException">There is none, or more than one to choose from.</exception>
    public static StatusClient Find(int? process)
    {
        var folder = StatusServer.Folder ?? throw new CliException("top: XDG_RUNTIME_DIR is not set, so processes have no place to answer", ExitStatus.Failure);
        if (process is { } number)
        {
            var path = StatusServer.PathOf(folder, number);
            return File.Exists(path) ? new StatusClient(path) : throw new CliException($"top: process {number} has no machines to show", ExitStatus.Failure);
        }

        var running = Running(folder);
        return running.Count switch
        {
            0 => throw new CliException("top: no machines are running", ExitStatus.Failure),
            1 => new StatusClient(StatusServer.PathOf(folder, running[0])),
            _ => throw CliException.Usage("top: say which process: " + string.Join(", ", running)),
        };
    }

    /// <summary>What the process says now.</summary>
    /// <exception cref="CliException">It has ended.</exception>
    public JsonDocument Ask()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            using var bytes = new MemoryStream();
            var block = new byte[64 * 1024];
            for (int length; (length = socket.Receive(block)) > 0;)
            {
                bytes.Write(block, 0, length);
                if (bytes.Length > LargestDocument)
                    throw new CliException("top: the answer is too long", ExitStatus.Failure);
            }

            return JsonDocument.Parse(bytes.ToArray());
        }
        catch (SocketException)
        {
            throw new CliException("top: the process has ended", ExitStatus.Failure);
        }
        catch (JsonException)
        {
            throw new CliException("top: the process ended while it answered", ExitStatus.Failure);
        }
    }

    private static List<int> Running(string folder)
    {
        var found = new List<int>();
        if (!Directory.Exists(folder))
            return found;
        foreach (var path in Directory.EnumerateFiles(folder, "*.sock").Order(StringComparer.Ordinal))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && Directory.Exists($"/proc/{process}"))
                found.Add(process);
        }

        return found;
    }
}
