using System.Numerics;
using System.Runtime.InteropServices;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>Makes a file of images under a temporary name, which is locked while it is written. One thread at a time.</summary>
/// <remarks>What is added goes to memory; a thread of the pool writes it when a megabyte has gathered. A file that cannot be written is given up.</remarks>
internal sealed unsafe class ImageFileWriter : IDisposable
{
    private const int SegmentBytes = 1 << 20;

    /// <summary>Segments that may wait for the disk: a guest does not wait for it.</summary>
    private const int MostWaiting = 16;

    /// <summary>Images with the same hash that are worth looking at.</summary>
    private const int MostAlike = 16;

    private readonly string temporary;
    private readonly FileStream file;
    private readonly List<(ulong Hash, long Offset)> entries = [];
    private readonly HashSet<(ulong, uint)> known = [];
    private byte[] segment = new byte[SegmentBytes];
    private int used;

    /// <summary>Of the segment's first byte in the file.</summary>
    private long position = ImageFileHeader.Size;
    private Task writing = Task.CompletedTask;
    private int waiting;
    private volatile Exception? failure;
    private bool isComplete;

    /// <exception cref="IOException">The file cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be made.</exception>
    public ImageFileWriter(string temporary)
    {
        this.temporary = temporary;
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };

        // Elsewhere files have no such mode; this back end runs on Linux.
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        file = new FileStream(temporary, options);
    }

    /// <summary>Bytes of images.</summary>
    public long Bytes => position + used - ImageFileHeader.Size;

    public int Images => entries.Count;

    /// <summary>Adds an image that is not there yet; drops it where the disk is too slow or has failed.</summary>
    public void TryAdd(in UnitImage image)
    {
        if (Volatile.Read(ref waiting) < MostWaiting)
            Add(image);
    }

    /// <summary>The same; waits for the disk.</summary>
    public void Add(in UnitImage image)
    {
        ReadOnlySpan<byte> bytes = image.Bytes;
        if (bytes.Length > SegmentBytes || !known.Add((image.Header.Hash, image.Header.Checksum)))
            return;
        if (used + bytes.Length > SegmentBytes)
            PassOn();
        bytes.CopyTo(segment.AsSpan(used));
        entries.Add((image.Header.Hash, position + used));
        used += bytes.Length;
    }

    /// <summary>Writes the rest and gives the file its name, from which moment on others may open it.</summary>
    /// <exception cref="IOException">Something could not be written.</exception>
    public void Complete(string path, ReadOnlySpan<byte> key)
    {
        PassOn();
        writing.Wait();
        if (failure is { } failed)
            throw new IOException(failed.Message, failed);
        ulong[] slots = MakeIndex();
        ReadOnlySpan<byte> index = MemoryMarshal.AsBytes(slots.AsSpan());
        ImageFileHeader header = new()
        {
            Magic = ImageFileHeader.RightMagic,
            IndexOffset = position,
            IndexChecksum = UnitImage.Checksum(index),
            Slots = slots.Length,
            Images = entries.Count,
        };
        // SAFETY: the header is a local; its key has the size of all keys.
        key.CopyTo(new Span<byte>(header.Key, ImageKey.Size));
        header.Checksum = UnitImage.Checksum(MemoryMarshal.AsBytes(new ReadOnlySpan<ImageFileHeader>(in header)));
        RandomAccess.Write(file.SafeFileHandle, index, position);
        RandomAccess.Write(file.SafeFileHandle, MemoryMarshal.AsBytes(new ReadOnlySpan<ImageFileHeader>(in header)), 0);
        File.Move(temporary, path, overwrite: true);
        isComplete = true;

        // The lock goes, and with it what keeps others from opening the file.
        file.Dispose();
    }

    public void Dispose()
    {
        writing.Wait();
        if (!isComplete)
            ImageFolder.TryDelete(temporary);
        file.Dispose();
    }

    private void PassOn()
    {
        if (used == 0)
            return;
        byte[] full = segment;
        int length = used;
        long at = position;
        Interlocked.Increment(ref waiting);
        writing = writing.ContinueWith(_ => Write(full, length, at), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        segment = new byte[SegmentBytes];
        position += used;
        used = 0;
    }

    private void Write(byte[] full, int length, long at)
    {
        try
        {
            if (failure is null)
                RandomAccess.Write(file.SafeFileHandle, full.AsSpan(0, length), at);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e;
        }

        Interlocked.Decrement(ref waiting);
    }

    private ulong[] MakeIndex()
    {
        ulong[] slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, entries.Count * 2))];
        int mask = slots.Length - 1;
        foreach ((ulong hash, long offset) in entries)
        {
            int alike = 0;
            int slot = (int)hash & mask;
            for (; slots[slot] != 0; slot = (slot + 1) & mask)
                alike += (uint)(slots[slot] >> 32) == (uint)(hash >> 32) ? 1 : 0;
            if (alike < MostAlike)
                slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | (uint)(offset / 8);
        }

        return slots;
    }
}
