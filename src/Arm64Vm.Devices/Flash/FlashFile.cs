using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Flash;

/// <summary>The image file of a flash bank.</summary>
/// <remarks>
/// Each command of the guest is one write to the file, so a process that is killed loses none that the guest saw finish.
/// The host is asked to put them onto its disk soon after the first of a batch, and at the end.
/// </remarks>
internal sealed class FlashFile : IFlashStore, IDisposable
{
    private static readonly TimeSpan s_batch = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _file;
    private readonly System.Threading.Timer _flush;
    private bool _isDirty;
    private bool _hasFailed;
    private bool _disposed;

    /// <summary>Opens a file, which no other process may have open.</summary>
    /// <exception cref="IOException">It cannot be opened for reading and writing, or is in use.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    public FlashFile(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"The variables file '{path}' is a folder.");
        try
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (HostFileLocks.IsHeld(e))
        {
            throw new IOException($"The variables file '{path}' is in use by another machine; each needs its own.", e);
        }

        try
        {
            Length = RandomAccess.GetLength(_file);
        }
        catch (NotSupportedException e)
        {
            _file.Dispose();
            throw new IOException($"The variables file '{path}' is a pipe or a device, and must be a file.", e);
        }
        catch
        {
            _file.Dispose();
            throw;
        }

        _flush = new System.Threading.Timer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Reads bytes from an offset on; returns how many there were.</summary>
    /// <exception cref="IOException">The host cannot read it.</exception>
    public int Read(long offset, Memory<byte> destination) => RandomAccess.Read(_file, destination.Span, offset);

    /// <inheritdoc/>
    public bool TryWrite(uint offset, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_hasFailed || _disposed)
                return false;
            try
            {
                HostFileWrites.Write(_file, bytes, offset);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }

            if (!_isDirty)
                _flush.Change(s_batch, Timeout.InfiniteTimeSpan);
            _isDirty = true;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _flush.Dispose();
        Flush();
        lock (_gate)
        {
            _disposed = true;
            _file.Dispose();
        }
    }

    private void Flush()
    {
        lock (_gate)
        {
            if (_disposed || !_isDirty)
                return;
            _isDirty = false;
        }

        // Outside the lock: the guest's next command need not wait for the disk.
        try
        {
            RandomAccess.FlushToDisk(_file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What the host could not keep cannot be told to the guest any more, but later commands fail.
            lock (_gate)
                _hasFailed = true;
        }
    }
}
