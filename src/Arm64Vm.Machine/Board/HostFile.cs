using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Machine.Board;

/// <summary>Files of the host that a machine boots from.</summary>
internal static class HostFile
{
    private const int FirstBlock = 64 * 1024;

    /// <summary>Opens a file for reading; a pipe blocks until somebody writes it.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <exception cref="IOException">It cannot be opened, or is a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static SafeFileHandle Open(string path, string what)
    {
        if (Directory.Exists(path))
            throw new IOException($"The {what} '{path}' is a folder.");
        return File.OpenHandle(path, options: FileOptions.SequentialScan);
    }

    /// <summary>Bytes of a regular file; null where only reading tells how many there are: pipes, devices, files of the kernel's.</summary>
    public static long? FindLength(SafeFileHandle file)
    {
        try
        {
            return RandomAccess.GetLength(file) is > 0 and var length ? length : null;
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Reads to the end what has no length, and closes it.</summary>
    /// <exception cref="IOException">It cannot be read, or has more than <paramref name="limit"/> bytes.</exception>
    public static ReadOnlyMemory<byte> ReadToEnd(SafeFileHandle file, string path, string what, ulong limit)
    {
        var most = (int)Math.Min(limit, (ulong)Array.MaxLength);
        var bytes = new byte[FirstBlock];
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        var length = 0;
        while (true)
        {
            var read = stream.Read(bytes, length, bytes.Length - length);
            if (read == 0)
                return bytes.AsMemory(0, length);
            length += read;
            if (length > most)
                throw new IOException($"The {what} '{path}' has more bytes than the {most} that fit.");
            if (length == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(2L * length, Math.Max(most + 1L, length + 1L)));
        }
    }
}
