using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>A raw disk image, or a block device of the host.</summary>
public sealed class FileBlockBackend : IBlockBackend, IDisposable
{
    private readonly SafeFileHandle _file;

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process writes it.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    public FileBlockBackend(string path, bool readOnly)
    {
        IsReadOnly = readOnly;
        _file = File.OpenHandle(
            path,
            FileMode.Open,
            readOnly ? FileAccess.Read : FileAccess.ReadWrite,
            readOnly ? FileShare.Read : FileShare.None,
            FileOptions.RandomAccess);
        Size = (ulong)RandomAccess.GetLength(_file);
    }

    /// <inheritdoc/>
    public ulong Size { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        try
        {
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(_file, destination, (long)offset);
                if (read == 0)
                {
                    // The last sector of an image whose size is not a multiple of 512.
                    destination.Clear();
                    return true;
                }

                offset += (ulong)read;
                destination = destination[read..];
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        try
        {
            RandomAccess.Write(_file, source, (long)offset);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryFlush()
    {
        try
        {
            RandomAccess.FlushToDisk(_file);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
