using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>System calls on files that the runtime's library does not have.</summary>
/// <remarks>SAFETY: buffers are pinned for the call, and the kernel writes no more than their length.</remarks>
internal static unsafe partial class HostFileCalls
{
    private const int SeekEnd = 2;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NoSuchAddress = 6;
    private const int NoWait = 8;
    private const int EmptyPath = 0x1000;
    private const uint StatxBlocks = 0x400;
    private const uint StatxType = 1;
    private const int WorkingFolder = -100;
    private const int TypeMask = 0xf000;
    private const int RegularFile = 0x8000;
    private const int BlockDevice = 0x6000;
    private const int CharacterDevice = 0x2000;
    private const int KeepSize = 1;
    private const int PunchHole = 2;
    private const int ZeroRange = 0x10;
    private const int NotSupported = 95;
    private const int NoSystemCall = 38;

    public enum Outcome
    {
        Done,

        /// <summary>The file system cannot do this.</summary>
        Unsupported,

        Failed,
    }

    /// <summary>Reads what the host has in memory (RWF_NOWAIT); false unless that is everything.</summary>
    public static bool TryReadAtOnce(SafeFileHandle file, Span<byte> destination, ulong offset)
    {
        fixed (byte* first = destination)
        {
            var vector = new IoVector { Base = first, Length = (nuint)destination.Length };
            return preadv2(file, &vector, 1, (long)offset, NoWait) == destination.Length;
        }
    }

    /// <summary>Bytes of a file or of a block device, whose length stat(2) does not tell; null where neither applies, as with a pipe.</summary>
    public static long? FindEnd(SafeFileHandle file) => lseek(file, 0, SeekEnd) is >= 0 and var end ? end : null;

    /// <summary>Where data begins at or after an offset, and where it ends (SEEK_DATA, SEEK_HOLE); what lies before reads as zeros.</summary>
    /// <returns>False where there is none up to the end, or the file system does not tell: then everything is data.</returns>
    public static bool TryFindData(SafeFileHandle file, long offset, out long start, out long end)
    {
        (start, end) = (offset, long.MaxValue);
        var found = lseek(file, offset, SeekData);
        if (found < 0)
            return Marshal.GetLastPInvokeError() != NoSuchAddress;
        start = found;
        if (lseek(file, found, SeekHole) is > 0 and var hole)
            end = hole;
        return true;
    }

    /// <summary>Bytes that a file takes of its file system; holes take none.</summary>
    public static ulong FindRoom(SafeFileHandle file)
    {
        // struct statx: the mask first, stx_blocks (of 512 bytes) at 48.
        var status = stackalloc byte[256];
        return statx(file, "", EmptyPath, StatxBlocks, status) == 0 ? *(ulong*)(status + 48) * 512 : 0;
    }

    /// <summary>Whether what a path leads to may be opened without waiting for another process, as a pipe waits for its writer; true where it cannot be told, for opening it tells why.</summary>
    public static bool IsFileOrDevice(string path)
    {
        // struct statx: stx_mode at 28.
        var status = stackalloc byte[256];
        return statx(WorkingFolder, path, 0, StatxType, status) != 0 || (*(ushort*)(status + 28) & TypeMask) is RegularFile or BlockDevice or CharacterDevice;
    }

    /// <summary>A path without links, dots and doubled slashes; null where there is no such file.</summary>
    public static string? FindRealPath(string path)
    {
        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* first = buffer)
            return realpath(path, first) == null ? null : System.Text.Encoding.UTF8.GetString(buffer[..buffer.IndexOf((byte)0)]);
    }

    /// <summary>fdatasync(2): what was written, and of the metadata what is needed to find it again.</summary>
    public static bool TryFlush(SafeFileHandle file) => fdatasync(file) == 0;

    /// <summary>Gives the room of a range back; it reads as zeros then.</summary>
    public static Outcome Punch(SafeFileHandle file, ulong offset, ulong length) => Allocate(file, PunchHole | KeepSize, offset, length);

    /// <summary>Makes a range zeros and keeps its room.</summary>
    public static Outcome Zero(SafeFileHandle file, ulong offset, ulong length) => Allocate(file, ZeroRange | KeepSize, offset, length);

    private static Outcome Allocate(SafeFileHandle file, int mode, ulong offset, ulong length)
    {
        if (length == 0 || fallocate(file, mode, (long)offset, (long)length) == 0)
            return Outcome.Done;
        return Marshal.GetLastPInvokeError() is NotSupported or NoSystemCall ? Outcome.Unsupported : Outcome.Failed;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint preadv2(SafeFileHandle file, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int origin);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(SafeFileHandle folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* realpath(string path, byte* resolved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }
}
