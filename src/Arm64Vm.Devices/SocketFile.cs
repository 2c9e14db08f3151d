using System.Net.Sockets;

namespace Arm64Vm.Devices;

/// <summary>The file by which programs find a Unix socket (unix(7)).</summary>
internal static class SocketFile
{
    /// <summary>Removes a socket that nobody listens on any more. A socket in use stays, and whatever is no socket, even where it is empty.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static void RemoveAbandoned(string path)
    {
        if (!File.Exists(path) || CanBeOpened(path))
            return;

        // A listener that has no room for one more lets a blocking call wait.
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Somebody is there.
        }
    }

    /// <summary>Why a connection failed, in words: the runtime calls a path that is not there an address that is not available.</summary>
    public static string Explain(string? path, Exception error) => path is null || File.Exists(path) ? error.Message : "there is no such socket";

    /// <summary>A socket cannot, nor what the user may not open: nothing is known of that, and it stays.</summary>
    private static bool CanBeOpened(string path)
    {
        try
        {
            // For reading and writing a pipe opens at once, too.
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
    }
}
