using Arm64Vm.Devices.Virtio.Block;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Images;

/// <summary>The file of an image that has a structure of its own. One thread at a time, but for <see cref="TryReadAtOnce"/>.</summary>
/// <remarks>Errors of the host are IOException and UnauthorizedAccessException, as the runtime has them.</remarks>
internal class ImageFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private bool _hasLostWrites;

    /// <param name="file">Owned from now on.</param>
    /// <param name="path">For messages.</param>
    /// <param name="isReadOnly">Nothing is written.</param>
    public ImageFile(SafeFileHandle file, string path, bool isReadOnly)
    {
        _file = file;
        Path = path;
        IsReadOnly = isReadOnly;
        Length = HostFileCalls.FindEnd(file) ?? throw FileBlockBackend.NoDisk(path);
    }

    public string Path { get; }

    public bool IsReadOnly { get; }

    /// <summary>Bytes; nobody else makes the file longer or shorter while it is open.</summary>
    public long Length { get; private set; }

    /// <summary>Reads; what is beyond the end is zeros.</summary>
    public void Read(long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(_file, destination, offset);
            if (read == 0)
            {
                destination.Clear();
                return;
            }

            offset += read;
            destination = destination[read..];
        }
    }

    /// <summary>Reads if that needs no waiting for the host's disk and all of it is there.</summary>
    public bool TryReadAtOnce(long offset, Span<byte> destination) => HostFileCalls.TryReadAtOnce(_file, destination, (ulong)offset);

    /// <summary>Writes, and makes the file longer where it ends before.</summary>
    public virtual void Write(long offset, ReadOnlySpan<byte> source)
    {
        HostFileWrites.Write(_file, source, offset);
        Length = Math.Max(Length, offset + source.Length);
    }

    /// <summary>Makes the file longer, by a hole, if it is shorter.</summary>
    public virtual void Extend(long length)
    {
        if (length <= Length)
            return;
        HostFileWrites.SetLength(_file, length);
        Length = length;
    }

    /// <summary>Makes everything written durable.</summary>
    /// <exception cref="IOException">It is not, and never will be: the kernel forgets what it could not write, so a later success would mean nothing.</exception>
    public virtual void Flush()
    {
        if (_hasLostWrites || !HostFileCalls.TryFlush(_file))
        {
            _hasLostWrites = true;
            throw new IOException($"The host could not make '{Path}' durable.");
        }
    }

    /// <summary>Gives room back to the host where it can take it; what was there reads as anything.</summary>
    public virtual void Punch(long offset, long length) => HostFileCalls.Punch(_file, (ulong)offset, (ulong)length);

    public void Dispose()
    {
        _file.Dispose();
        GC.SuppressFinalize(this);
    }
}
