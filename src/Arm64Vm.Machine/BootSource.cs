using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;

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

    /// <summary>Reads firmware into its flash bank, without a copy in between; returns what is there.</summary>
    /// <exception cref="Boot.BootImageException">It is not raw firmware, or does not fit.</exception>
    /// <exception cref="IOException">The file cannot be read, or is larger than the bank.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static ReadOnlyMemory<byte> ReadFirmware(BootSource? source, FlashStorage bank)
    {
        if (source is null)
            return default;
        if (source.Path is null)
        {
            FirmwareImage.Check(source._bytes.Span);
            bank.Load(source._bytes.Span);
            return source._bytes;
        }

        using var file = File.OpenHandle(source.Path, options: FileOptions.SequentialScan);
        var length = RandomAccess.GetLength(file);
        if (length > bank.Contents.Length)
            throw new IOException($"'{source.Path}' has {length} bytes, which is more than fits.");
        var image = bank.Contents[..bank.Load((offset, destination) => RandomAccess.Read(file, destination.Span, offset))];
        FirmwareImage.Check(image.Span);
        return image;
    }
}
