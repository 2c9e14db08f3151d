using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>Copies disks from one image into another, which has no backing file and no room for zeros.</summary>
internal static class ImageConversion
{
    private const int ChunkSize = 2 << 20;
    private const int BlockSize = 4096;

    /// <summary>Copies a disk. The source, its backing files included, is only read; the target has its name only when it is whole.</summary>
    /// <param name="source">The image.</param>
    /// <param name="sourceFormat">Null: it is recognized.</param>
    /// <param name="target">A file; not the source.</param>
    /// <param name="targetFormat">Of the target.</param>
    /// <param name="options">What a qcow2 target is like.</param>
    /// <param name="compresses">Clusters of the target are compressed (zstd).</param>
    /// <param name="replaces">A file that is there may be replaced.</param>
    /// <param name="progress">Gets how far it is, from 0 to 1.</param>
    /// <param name="cancellation">Leaves no target.</param>
    /// <exception cref="ArgumentException">What is asked for cannot be; says why.</exception>
    /// <exception cref="IOException">The source cannot be read, the target is there, or an error of the host.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not.</exception>
    public static void Convert(
        string source,
        DiskFormat? sourceFormat,
        string target,
        DiskFormat targetFormat,
        Qcow2Options options,
        bool compresses,
        bool replaces,
        Action<double>? progress = null,
        CancellationToken cancellation = default)
    {
        if (compresses && targetFormat == DiskFormat.Raw)
            throw new ArgumentException("A raw image cannot be compressed.");
        using var image = ImageSource.Open(source, sourceFormat);
        RefuseSource(image, target);
        using var file = new NewImageFile(target, replaces);
        var size = image.Disk.Size;
        if (targetFormat == DiskFormat.Raw)
        {
            Copy(image, (offset, data) => WriteBlocks(file.Image, offset, data), progress, cancellation);
            file.Image.Extend((long)size);
        }
        else
        {
            Qcow2Layout.Write(file.Image, size, compresses ? options with { Compression = CompressionType.Zstd } : options);
            file.Release();
            var handle = File.OpenHandle(file.TemporaryPath, FileMode.Open, FileAccess.ReadWrite, FileShare.None, FileOptions.RandomAccess);
            var written = new ImageFile(handle, target, isReadOnly: false);
            using var disk = new Qcow2Image(written, Qcow2Header.Read(written), backing: null);
            using var compressor = compresses ? new ClusterCompressor(disk.Header.ClusterSize) : null;
            Copy(image, (offset, data) => WriteClusters(disk, compressor, offset, data), progress, cancellation);
            disk.Finish();
        }

        file.Finish();
    }

    private static void RefuseSource(ImageSource image, string target)
    {
        if (image.Uses(target))
            throw new ArgumentException($"'{target}' is the source or one of its backing files; name another target.");
    }

    private static void Copy(ImageSource image, Action<ulong, ReadOnlySpan<byte>> write, Action<double>? progress, CancellationToken cancellation)
    {
        var disk = image.Disk;
        var buffer = new byte[ChunkSize];
        var sparse = disk as ISparseDisk;
        for (ulong at = 0; at < disk.Size;)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke((double)at / disk.Size);
            if (sparse is not null)
            {
                if (!sparse.TryFindData(at, out var start, out _))
                    break;

                // Whole chunks, so that clusters of the target stay whole.
                at = Math.Max(at, start / ChunkSize * ChunkSize);
            }

            var chunk = buffer.AsSpan(0, (int)Math.Min(ChunkSize, disk.Size - at));
            if (!disk.TryRead(at, chunk))
                throw new IOException(image.Damage ?? $"The disk cannot be read at offset {at}.");
            if (chunk.IndexOfAnyExcept((byte)0) >= 0)
                write(at, chunk);
            at += (ulong)chunk.Length;
        }

        progress?.Invoke(1);
    }

    private static void WriteBlocks(ImageFile file, ulong offset, ReadOnlySpan<byte> data)
    {
        for (var at = 0; at < data.Length;)
        {
            var length = RunOf(data[at..], BlockSize, out var isZero);
            if (!isZero)
                file.Write((long)offset + at, data.Slice(at, length));
            at += length;
        }
    }

    private static void WriteClusters(Qcow2Image disk, ClusterCompressor? compressor, ulong offset, ReadOnlySpan<byte> data)
    {
        var cluster = disk.Header.ClusterSize;
        for (var at = 0; at < data.Length;)
        {
            var length = RunOf(data[at..], cluster, out var isZero);
            if (isZero)
            {
                at += length;
                continue;
            }

            if (compressor is not null)
                length = Math.Min(cluster, length);
            var part = data.Slice(at, length);
            if (!(compressor is null || length < cluster ? disk.TryWrite(offset + (ulong)at, part) : disk.TryWriteCompressed(offset + (ulong)at, part, compressor)))
                throw new IOException("The target cannot be written: the host has no room for it, or an error.");
            at += length;
        }
    }

    /// <summary>How many bytes from the beginning, in whole blocks, are all zeros or all blocks that are not.</summary>
    private static int RunOf(ReadOnlySpan<byte> data, int block, out bool isZero)
    {
        isZero = data[..Math.Min(block, data.Length)].IndexOfAnyExcept((byte)0) < 0;
        var length = Math.Min(block, data.Length);
        while (length < data.Length)
        {
            var next = data.Slice(length, Math.Min(block, data.Length - length));
            if (next.IndexOfAnyExcept((byte)0) < 0 != isZero)
                break;
            length += next.Length;
        }

        return length;
    }
}
