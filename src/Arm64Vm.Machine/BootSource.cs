using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine;

/// <summary>Bytes to boot from: a file, read each time the machine is switched on (a pipe, only the first time), or a block in memory.</summary>
public sealed class BootSource
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Lock _gate = new();

    /// <summary>What came out of a pipe, which cannot be read again.</summary>
    private ReadOnlyMemory<byte>? _kept;

    private BootSource(string? path, ReadOnlyMemory<byte> bytes)
    {
        Path = path;
        _bytes = bytes;
    }

    /// <summary>The file's path; null for bytes in memory.</summary>
    public string? Path { get; }

    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static BootSource FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new BootSource(path, default);
    }

    /// <summary>The bytes are not copied and must not change while the machine exists.</summary>
    public static BootSource FromBytes(ReadOnlyMemory<byte> bytes) => new(null, bytes);

    public static implicit operator BootSource(string path) => FromFile(path);

    public static implicit operator BootSource(byte[] bytes) => FromBytes(bytes);

    /// <summary>Reads a source.</summary>
    /// <param name="source">Null: there is none.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="limit">Bytes that make sense at most.</param>
    /// <param name="files">Gets what must be released once the bytes have been used.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static ReadOnlyMemory<byte> Read(BootSource? source, string what, ulong limit, List<IDisposable> files)
    {
        if (source is null)
            return default;
        if (source.Path is null)
            return source._bytes;
        lock (source._gate)
        {
            if (source._kept is { } kept)
                return kept;
            using var file = HostFile.Open(source.Path, what);
            if (HostFile.FindLength(file) is { } length)
            {
                var contents = HostFileContents.Read(file, length, source.Path, what, limit);
                files.Add(contents);
                return contents.Memory;
            }

            return source.Keep(HostFile.ReadToEnd(file, source.Path, what, limit));
        }
    }

    /// <summary>Opens a kernel. One that need not be unpacked stays in its file.</summary>
    /// <returns>The file, whose first bytes <paramref name="bytes"/> are; null: these are all.</returns>
    /// <inheritdoc cref="Read" path="/param|/exception"/>
    internal static FileBytes? OpenKernel(BootSource? source, string what, ulong limit, List<IDisposable> files, out ReadOnlyMemory<byte> bytes)
    {
        if (Open(source, what, limit, files, out bytes) is not { } file)
            return null;
        bytes = file.ReadHead(LinuxImage.HeaderSize);
        if (LinuxImage.HasHeader(bytes.Span))
            return file;
        bytes = Read(source, what, limit, files);
        return null;
    }

    /// <summary>Opens a file that goes into RAM as it is; null, and <paramref name="bytes"/> instead, where there is none or it must be read to know its length.</summary>
    /// <inheritdoc cref="Read" path="/param|/exception"/>
    internal static FileBytes? Open(BootSource? source, string what, ulong limit, List<IDisposable> files, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (source?.Path is null || source._kept is not null)
        {
            bytes = Read(source, what, limit, files);
            return null;
        }

        var file = HostFile.Open(source.Path, what);
        if (HostFile.FindLength(file) is { } length)
        {
            var direct = new FileBytes(file, source.Path, length);
            files.Add(direct);
            return direct;
        }

        using (file)
        {
            lock (source._gate)
                bytes = source._kept ?? source.Keep(HostFile.ReadToEnd(file, source.Path, what, limit));
        }

        return null;
    }

    /// <summary>Reads firmware into its flash bank, without a copy in between; returns what is there.</summary>
    /// <exception cref="BootImageException">It is not raw firmware, or does not fit.</exception>
    /// <exception cref="IOException">The file cannot be read, or is larger than the bank.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal static ReadOnlyMemory<byte> ReadFirmware(BootSource? source, FlashStorage bank)
    {
        const string What = "firmware";
        if (source is null)
            return default;
        if (source.Path is null)
            return Load(source._bytes, bank);
        lock (source._gate)
        {
            if (source._kept is { } kept)
                return Load(kept, bank);
            using var file = HostFile.Open(source.Path, What);
            if (HostFile.FindLength(file) is not { } length)
                return Load(source.Keep(HostFile.ReadToEnd(file, source.Path, What, bank.Region.Size)), bank);
            if (length > bank.Contents.Length)
                throw new IOException($"The {What} '{source.Path}' has {length} bytes, which is more than fits.");
            var image = bank.Contents[..bank.Load((offset, destination) => RandomAccess.Read(file, destination.Span, offset))];
            FirmwareImage.Check(image.Span);
            return image;
        }
    }

    private static ReadOnlyMemory<byte> Load(ReadOnlyMemory<byte> bytes, FlashStorage bank)
    {
        FirmwareImage.Check(bytes.Span);
        bank.Load(bytes.Span);
        return bytes;
    }

    private ReadOnlyMemory<byte> Keep(ReadOnlyMemory<byte> bytes)
    {
        _kept = bytes;
        return bytes;
    }
}
