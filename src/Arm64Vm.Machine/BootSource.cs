using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine;

/// <summary>Bytes to boot from: a file, read each time the machine is switched on, or a block in memory.</summary>
public sealed class BootSource
{
    private readonly ReadOnlyMemory<byte> _bytes;

    private BootSource(string? path, ReadOnlyMemory<byte> bytes)
    {
        Path = path;
        _bytes = bytes;
    }

    /// <summary>The file's path; null for bytes in memory.</summary>
    public string? Path { get; }

    public static BootSource FromFile(string path) => new(path, default);

    /// <summary>The bytes are not copied and must not change while the machine exists.</summary>
    public static BootSource FromBytes(ReadOnlyMemory<byte> bytes) => new(null, bytes);

    public static implicit operator BootSource(string path) => FromFile(path);

    public static implicit operator BootSource(byte[] bytes) => FromBytes(bytes);

    /// <summary>Reads a source.</summary>
    /// <param name="source">Null: there is none.</param>
    /// <param name="limit">Bytes that make sense at most.</param>
    /// <param name="files">Gets what must be released once the bytes have been used.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static ReadOnlyMemory<byte> Read(BootSource? source, ulong limit, List<IDisposable> files)
    {
        if (source is null)
            return default;
        if (source.Path is null)
            return source._bytes;
        var file = HostFileContents.Read(source.Path, limit);
        files.Add(file);
        return file.Memory;
    }
}
