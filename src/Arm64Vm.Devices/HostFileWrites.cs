using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices;

/// <summary>Writes to files of the host whose failures are all the exceptions that files have.</summary>
/// <remarks>The runtime makes EFBIG, a file that reached its limit (RLIMIT_FSIZE) or the file system's, a mistake of the caller's.</remarks>
internal static class HostFileWrites
{
    /// <exception cref="IOException">The host cannot write it all.</exception>
    /// <exception cref="UnauthorizedAccessException">The host may not.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> source, long offset)
    {
        try
        {
            RandomAccess.Write(file, source, offset);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new IOException("The file would become larger than it may be.", e);
        }
    }

    /// <exception cref="IOException">The host cannot change the length.</exception>
    /// <exception cref="UnauthorizedAccessException">The host may not.</exception>
    public static void SetLength(SafeFileHandle file, long length)
    {
        try
        {
            RandomAccess.SetLength(file, length);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new IOException("The file would become larger than it may be.", e);
        }
    }
}
