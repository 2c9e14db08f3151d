using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>An image of a format that is only read, to be converted or described.</summary>
internal abstract class ReadOnlyImage : IBlockBackend, ISparseDisk, IDisposable
{
    /// <summary>The format's name.</summary>
    public abstract string Format { get; }

    /// <summary>How the disk lies in its files, in the format's own words.</summary>
    public abstract string Layout { get; }

    /// <summary>Bytes of the pieces in which the disk is allocated; 0: it is in one piece.</summary>
    public abstract ulong BlockSize { get; }

    /// <summary>The files, the one that was named first.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <inheritdoc/>
    public abstract ulong Size { get; }

    /// <inheritdoc/>
    public bool IsReadOnly => true;

    /// <summary>What was found to be damaged since it was opened, as a sentence; null: nothing.</summary>
    public string? Damage { get; private set; }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        try
        {
            Read(offset, destination);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (e is ImageFormatException)
                Damage ??= e.Message;
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source) => false;

    /// <inheritdoc/>
    public bool TryFlush() => true;

    /// <inheritdoc/>
    /// <exception cref="ImageFormatException">A table is damaged.</exception>
    bool ISparseDisk.TryFindData(ulong offset, out ulong start, out ulong end)
    {
        for (start = offset; start < Size; start = end)
        {
            var hasData = HasData(start, out var length);
            end = start + Math.Min(length, Size - start);
            if (hasData)
                return true;
        }

        end = start;
        return false;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Whether what is at an offset can be anything but zeros.</summary>
    /// <param name="offset">Within the disk.</param>
    /// <param name="length">For how many bytes from there the answer is the same; at least one.</param>
    protected abstract bool HasData(ulong offset, out ulong length);

    /// <summary>Reads what is within the disk.</summary>
    /// <exception cref="ImageFormatException">A table is damaged.</exception>
    /// <exception cref="IOException">An error of the host.</exception>
    protected abstract void Read(ulong offset, Span<byte> destination);

    internal static ImageFormatException Damaged(string path, string what) => new($"The image '{path}' is damaged: {what}.");

    internal static ImageFormatException Refused(string path, string what) => new($"The image '{path}' {what}.");

    /// <summary>Text of an image in a message: without what would command the terminal, and not too long.</summary>
    internal static string OneLine(string text) => PrintableText.Of(text.Length > 100 ? text[..100] : text);
}
