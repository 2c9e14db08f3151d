using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>The first bytes of a file of images.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ImageFileHeader
{
    /// <summary>"A64UNITS".</summary>
    public const ulong RightMagic = 0x5354_494E_5534_3641;

    /// <summary>Where images begin.</summary>
    public const int Size = 128;

    /// <summary>Of the other bytes of this structure, as <see cref="UnitImage.Checksum"/>.</summary>
    public uint Checksum;

    /// <summary>Of the index.</summary>
    public uint IndexChecksum;

    public ulong Magic;

    /// <summary>Of the index, which goes to the end of the file.</summary>
    public long IndexOffset;

    /// <summary>Places of the index, a power of two, of 8 bytes each.</summary>
    public int Slots;

    public int Images;

    /// <summary>See <see cref="ImageKey"/>.</summary>
    public fixed byte Key[ImageKey.Size];
}

/// <summary>A file of images, mapped for reading: any thread.</summary>
/// <remarks>
/// <code>
/// 0            ImageFileHeader
/// 128          images, at multiples of 8
/// IndexOffset  places of 8 bytes, by the lower half of an image's hash and, where that place is taken, the next free one:
///              the hash's upper half above the image's offset divided by 8; zero for a free place
/// </code>
/// SAFETY: owns the mapping from TryOpen to Dispose. Every offset is compared with its size before it is followed. Files are never changed once they have
/// their name; one that somebody truncates all the same ends the process with SIGBUS, as it would with a program's own file.
/// </remarks>
internal sealed unsafe class ImageFile : IDisposable
{
    private const int SlotBytes = sizeof(ulong);
    private readonly byte* address;
    private readonly long size;
    private int uses;

    private ImageFile(string path, byte* address, long size)
    {
        Path = path;
        this.address = address;
        this.size = size;
    }

    public string Path { get; }

    public long Size => size;

    public int Images => Header.Images;

    /// <summary>Somebody has found an image in it.</summary>
    public bool IsUsed => Volatile.Read(ref uses) != 0;

    /// <summary>An image was not what its checksum says: nothing of the file is used any more.</summary>
    public bool IsDamaged { get; private set; }

    private ref readonly ImageFileHeader Header => ref *(ImageFileHeader*)address;

    private ReadOnlySpan<ulong> Slots => new(address + Header.IndexOffset, Header.Slots);

    /// <summary>Opens a file of this user's that nobody else can change.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="key">What its images must have been made under.</param>
    /// <param name="file">Null where it cannot be used.</param>
    /// <param name="problem">What is wrong with it; null where it cannot be read, any more perhaps, or is of another key.</param>
    public static bool TryOpen(string path, ReadOnlySpan<byte> key, out ImageFile? file, out string? problem)
    {
        file = null;
        problem = null;
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path);
            if (!LinuxFileCalls.TryGetOwner(handle, out uint owner, out uint mode) || owner != LinuxFileCalls.User || mode != (LinuxFileCalls.PlainFile | ImageFolder.FileMode))
            {
                problem = "is not a file that only this user can read and write";
                return false;
            }

            long size = RandomAccess.GetLength(handle);
            byte* mapped = size < ImageFileHeader.Size ? null : LinuxFileCalls.Map(handle, size);
            if (mapped == null)
            {
                problem = "is damaged";
                return false;
            }

            // It is read ahead; where that fails it is read when it is needed.
            _ = LinuxMappingCalls.Madvise(mapped, (nuint)size, LinuxMappingCalls.AdviseWillNeed);
            ImageFile opened = new(path, mapped, size);
            if (opened.IsRight(key, out problem))
            {
                file = opened;
                return true;
            }

            opened.Dispose();
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process has absorbed or evicted it, or is about to let go of it.
            return false;
        }
    }

    /// <summary>The image of the unit at an offset of a page, if there is one that was made from what is there now.</summary>
    public bool TryFind(ulong hash, in UnitVariant variant, byte* page, int offset, out UnitImage image)
    {
        image = default;
        if (IsDamaged)
            return false;
        ReadOnlySpan<ulong> slots = Slots;
        int mask = slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ulong entry = slots[slot];
            if (entry == 0)
                return false;
            if ((uint)(entry >> 32) != (uint)(hash >> 32))
                continue;
            if (!TryGet(entry, out image))
                return false;
            if (image.Header.Hash != hash || !image.Fits(variant, page, offset))
                continue;
            if (uses == 0)
                Volatile.Write(ref uses, 1);
            return true;
        }
    }

    /// <summary>Adds all images to a file that is being made.</summary>
    public void AddTo(ImageFileWriter writer)
    {
        foreach (ulong entry in Slots)
        {
            if (entry == 0)
                continue;
            if (!TryGet(entry, out UnitImage image))
                return;
            writer.Add(image);
        }
    }

    public void Dispose() => LinuxMappingCalls.Munmap(address, (nuint)size);

    private bool TryGet(ulong entry, out UnitImage image)
    {
        long offset = (long)(uint)entry * 8;
        image = new UnitImage(address + offset);
        if (offset >= ImageFileHeader.Size && offset < Header.IndexOffset && image.IsIntact(Header.IndexOffset - offset))
            return true;
        IsDamaged = true;
        return false;
    }

    private bool IsRight(ReadOnlySpan<byte> key, out string? problem)
    {
        problem = "is damaged";
        if (Header.Magic != ImageFileHeader.RightMagic || Header.Checksum != UnitImage.Checksum(new ReadOnlySpan<byte>(address, sizeof(ImageFileHeader))))
            return false;
        int slots = Header.Slots;
        if (slots < 2 || (slots & (slots - 1)) != 0 || Header.Images >= slots || Header.IndexOffset < ImageFileHeader.Size || (Header.IndexOffset & 7) != 0
            || Header.IndexOffset > size - ((long)slots * SlotBytes))
            return false;
        if (Header.IndexChecksum != UnitImage.Checksum(MemoryMarshal.AsBytes(Slots)))
            return false;

        // The name has only the beginning of the key.
        problem = null;
        return new ReadOnlySpan<byte>(((ImageFileHeader*)address)->Key, ImageKey.Size).SequenceEqual(key);
    }
}
