using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>A raw image that was taken for one because its first bytes say nothing else.</summary>
/// <remarks>
/// A guest that could write the header of another format there would, the next time, choose what the host opens: a backing file may be any file of the
/// user's. Such a write is an I/O error; saying that the format is raw lifts it.
/// </remarks>
internal sealed class RecognizedRawDisk(IBlockBackend raw) : IBlockBackend
{
    public ulong Size => raw.Size;

    public bool IsReadOnly => raw.IsReadOnly;

    public bool TryRead(ulong offset, Span<byte> destination) => raw.TryRead(offset, destination);

    public bool TryReadAtOnce(ulong offset, Span<byte> destination) => raw.TryReadAtOnce(offset, destination);

    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source) =>
        (offset >= ForeignImageFormat.HeaderSize || !MakesHeader(offset, source)) && raw.TryWrite(offset, source);

    public bool TryFlush() => raw.TryFlush();

    public bool TryDiscard(ulong offset, ulong length) => raw.TryDiscard(offset, length);

    public bool TryWriteZeroes(ulong offset, ulong length, bool mayUnmap) => raw.TryWriteZeroes(offset, length, mayUnmap);

    private bool MakesHeader(ulong offset, ReadOnlySpan<byte> source)
    {
        Span<byte> header = stackalloc byte[ForeignImageFormat.HeaderSize];
        if (!raw.TryRead(0, header))
            return true;
        source[..Math.Min(source.Length, header.Length - (int)offset)].CopyTo(header[(int)offset..]);
        return ForeignImageFormat.Recognize(header) is not null;
    }
}
