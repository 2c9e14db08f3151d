using System.Buffers;
using System.IO.Compression;
using ZstdSharp;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Reads compressed clusters; keeps the last one, as guests read in smaller pieces.</summary>
internal sealed class CompressedClusters(ImageFile file, Qcow2Header header)
{
    private readonly byte[] _last = new byte[header.ClusterSize];
    private ulong _entry;

    /// <summary>The cluster of an entry.</summary>
    /// <returns>Valid until the next call.</returns>
    /// <exception cref="ImageFormatException">It cannot be decompressed to a whole cluster.</exception>
    public ReadOnlySpan<byte> Read(L2Entry entry)
    {
        if (TryGet(entry, out var cluster))
            return cluster;
        _entry = 0;
        var (offset, length) = entry.CompressedRange(header.ClusterBits);
        var packed = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.Read(offset, packed.AsSpan(0, length));
            using var stream = new MemoryStream(packed, 0, length);
            using Stream unpacker = header.Compression == CompressionType.Zstd ? new DecompressionStream(stream) : new DeflateStream(stream, CompressionMode.Decompress);
            unpacker.ReadExactly(_last);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdException)
        {
            throw new ImageFormatException($"The image '{file.Path}' is damaged: the compressed cluster at offset 0x{offset:x}.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }

        _entry = entry.Value;
        return _last;
    }

    /// <summary>The cluster of an entry if it is the one kept.</summary>
    public bool TryGet(L2Entry entry, out ReadOnlySpan<byte> cluster)
    {
        cluster = _last;
        return _entry == entry.Value && entry.Kind == ClusterKind.Compressed;
    }

    /// <summary>Called where clusters were freed: their place may get other contents.</summary>
    public void Forget() => _entry = 0;
}
