using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>Asks a process what its machines use.</summary>
internal sealed class StatusClient(string path)
{
    private const int LargestDocument = 256 << 20;

    /// <summary>Where the process answers.</summary>
    public string Address => path;

    /// <summary>The process to ask.</summary>
    /// <param name="process">Its number; null: the only one there is.</param>
    /// <param name="command">Who asks, for messages.</param>
    /// <exception cref="CliException">There is none, or more than one to choose from.</exception>
    public static StatusClient Find(int? process, string command = "top")
    {
        var folder = FolderFor(command);
        if (process is { } number)
        {
            var path = StatusServer.PathOf(folder, number);
            return File.Exists(path) ? new StatusClient(path) : throw CliException.Failure($"{command}: process {number} has no machines to show");
        }

        var running = Running(folder);
        return running.Count switch
        {
            0 => throw CliException.Failure($"{command}: no machines are running"),
            1 => new StatusClient(StatusServer.PathOf(folder, running[0])),
            _ => throw CliException.Usage($"{command}: say which process: " + string.Join(", ", running)),
        };
    }

    /// <summary>Every process that answers.</summary>
    /// <exception cref="CliException">Processes have no place to answer.</exception>
    public static IReadOnlyList<StatusClient> FindAll(string command)
    {
        var folder = FolderFor(command);
        return [.. Running(folder).Select(process => new StatusClient(StatusServer.PathOf(folder, process)))];
    }

    /// <summary>What the process says now.</summary>
    /// <exception cref="CliException">It has ended.</exception>
    public JsonDocument Ask()
    {
        try
        {
            using var socket = Connect(StatusServer.StatusRequest);
            socket.ReceiveTimeout = 5000;
            using var bytes = new MemoryStream();
            var block = new byte[64 * 1024];
            for (int length; (length = socket.Receive(block)) > 0;)
            {
                bytes.Write(block, 0, length);
                if (bytes.Length > LargestDocument)
                    throw CliException.Failure("top: the answer is too long");
            }

            return JsonDocument.Parse(bytes.ToArray());
        }
        catch (SocketException)
        {
            throw CliException.Failure("top: the process has ended");
        }
        catch (JsonException)
        {
            throw CliException.Failure("top: the process ended while it answered");
        }
    }

    /// <summary>Connects, and sends a line.</summary>
    /// <exception cref="SocketException">Nobody answers.</exception>
    public Socket Connect(string request)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.UTF8.GetBytes(request + "\n"));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string FolderFor(string command) =>
        StatusServer.Folder ?? throw CliException.Failure($"{command}: XDG_RUNTIME_DIR is not set, so processes have no place to answer");

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
