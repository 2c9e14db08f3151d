using Arm64Vm.Devices.Images;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>A raw disk image, or a block device of the host.</summary>
internal sealed class FileBlockBackend : IBlockBackend, ISparseDisk, IDisposable
{
    private readonly SafeFileHandle _file;

    /// <summary>Bytes of the file when it was opened.</summary>
    private readonly ulong _length;

    /// <summary>Opens a file and locks it (flock(2)): for one writer, or for any number of readers.</summary>
    /// <exception cref="IOException">It cannot be opened, is no raw image, or another process uses it in a way that excludes this.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    public FileBlockBackend(string path, bool readOnly)
        : this(OpenLocked(path, readOnly), path, readOnly, isKnownRaw: false)
    {
    }

    /// <summary>Takes a file that <see cref="OpenLocked"/> opened.</summary>
    /// <param name="file">Owned from now on, also if this throws.</param>
    /// <param name="path">For messages.</param>
    /// <param name="readOnly">How it was opened.</param>
    /// <param name="isKnownRaw">The user said so: it is not looked at for signatures of other formats.</param>
    /// <exception cref="IOException">It is no raw image.</exception>
    internal FileBlockBackend(SafeFileHandle file, string path, bool readOnly, bool isKnownRaw)
    {
        _file = file;
        IsReadOnly = readOnly;
        try
        {
            _length = MeasureImage(path, isKnownRaw);
            Size = (_length + BlockRequests.SectorSize - 1) / BlockRequests.SectorSize * BlockRequests.SectorSize;
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Takes a file that is open already.</summary>
    /// <param name="file">Owned from now on.</param>
    /// <param name="size">Bytes of the disk; the file may be shorter as long as nothing beyond its end is read.</param>
    internal FileBlockBackend(SafeFileHandle file, ulong size)
    {
        _file = file;
        _length = size;
        Size = size;
    }

    /// <summary>The file's length in whole sectors: behind its end the last one is zeros, and a write to it makes the file longer.</summary>
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
                    // Somebody has made the file shorter since; but the last sector may always have been a part of one.
                    if (offset < _length)
                        return false;
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
    public bool TryReadAtOnce(ulong offset, Span<byte> destination) => HostFileCalls.TryReadAtOnce(_file, destination, offset);

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly)
            return false;
        try
        {
            HostFileWrites.Write(_file, source, (long)offset);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryFlush() => IsReadOnly || HostFileCalls.TryFlush(_file);

    /// <inheritdoc/>
    public bool TryDiscard(ulong offset, ulong length) => !IsReadOnly && HostFileCalls.Punch(_file, offset, length) != HostFileCalls.Outcome.Failed;

    /// <inheritdoc/>
    public bool TryWriteZeroes(ulong offset, ulong length, bool mayUnmap)
    {
        if (IsReadOnly)
            return false;
        var outcome = mayUnmap ? HostFileCalls.Punch(_file, offset, length) : HostFileCalls.Outcome.Unsupported;
        if (outcome == HostFileCalls.Outcome.Unsupported)
            outcome = HostFileCalls.Zero(_file, offset, length);
        return outcome == HostFileCalls.Outcome.Unsupported ? ZeroWriter.TryWrite(this, offset, length) : outcome == HostFileCalls.Outcome.Done;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Opens a disk's file and locks it (flock(2)): for one writer, or for any number of readers.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process uses it in a way that excludes this.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    internal static SafeFileHandle OpenLocked(string path, bool readOnly)
    {
        if (Directory.Exists(path))
            throw new IOException($"The disk '{path}' is a folder.");

        // Before it is opened: open(2) of a pipe waits for its other end, through signals too.
        if (!HostFileCalls.IsFileOrDevice(path))
            throw NoDisk(path);
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(
                path,
                FileMode.Open,
                readOnly ? FileAccess.Read : FileAccess.ReadWrite,
                readOnly ? FileShare.Read : FileShare.None,
                FileOptions.RandomAccess);
        }
        catch (IOException e) when (HostFileLocks.IsHeld(e))
        {
            throw new IOException(readOnly ? $"The disk '{path}' is being written by another machine." : $"The disk '{path}' is in use by another machine; one that is written cannot be shared.", e);
        }

        if (HostFileCalls.FindEnd(file) is not null)
            return file;
        file.Dispose();
        throw NoDisk(path);
    }

    /// <summary>What a path leads to has no length.</summary>
    internal static IOException NoDisk(string path) => new($"The disk '{path}' is neither a file nor a block device.");

    /// <inheritdoc/>
    bool ISparseDisk.TryFindData(ulong offset, out ulong start, out ulong end)
    {
        var found = HostFileCalls.TryFindData(_file, (long)offset, out var first, out var last);
        (start, end) = ((ulong)first, Math.Min((ulong)last, Size));
        return found && start < Size;
    }

    private ulong MeasureImage(string path, bool isKnownRaw)
    {
        var size = HostFileCalls.FindEnd(_file)!.Value;
        Span<byte> header = stackalloc byte[ForeignImageFormat.HeaderSize];
        if (!isKnownRaw && TryRead(0, header) && ForeignImageFormat.Recognize(header) is { } format)
            throw new IOException($"The disk '{path}' is a {format} image, and not a raw or qcow2 one; '{(format is ForeignImageFormat.Vmdk or ForeignImageFormat.Vhdx ? $"arm64vm image convert {path} disk.qcow2" : $"qemu-img convert -O raw {path} disk.img")}' makes one.");
        if ((ulong)size < BlockRequests.SectorSize)
            throw new IOException($"The disk '{path}' has {size} bytes, less than one sector; 'truncate -s 1G {path}' makes an empty disk.");
        return (ulong)size;
    }
}
