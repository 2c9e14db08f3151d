using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Sharing;

/// <summary>System calls on files of a share. Names end with a zero byte; results are error numbers, 0 for success.</summary>
/// <remarks>
/// A file is held by a descriptor that can do nothing but name it (O_PATH). It is found one name at a time, with openat2(2) below the descriptor of its
/// folder and without following links, so that no name, link or rename leads out of the share.
/// </remarks>
internal static partial class ShareCalls
{
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int AccessMask = 3;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Truncate = 0x200;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int DataSync = 0x1000;
    public const int FullSync = 0x10_1000;
    public const int Directory = 0x1_0000;
    public const int RemoveDirectory = 0x200;

    private const int NoControllingTerminal = 0x100;
    private const int NoFollow = 0x2_0000;
    private const int CloseOnExec = 0x8_0000;
    private const int PathOnly = 0x20_0000;
    private const int EmptyPath = 0x1000;
    private const int SymLinkFollow = 0x400;
    private const int CurrentFolder = -100;
    private const int DuplicateCloseOnExec = 1030;
    private const uint StatxBasicAndBirth = 0xFFF;

    private const long OpenAt2 = 437;
    private const long GetDirectoryEntries = 217;

    // RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH.
    private const ulong Beneath = 2 | 4 | 8;

    /// <summary>Holds the root of a share.</summary>
    public static int OpenRoot(string path, out SafeFileHandle root) => Result(open(path, PathOnly | 0x1_0000 | CloseOnExec), out root);

    /// <summary>Holds what a folder has under a name, links themselves included.</summary>
    public static int Find(SafeFileHandle folder, ReadOnlySpan<byte> name, out SafeFileHandle found) =>
        Open(folder, name, PathOnly | NoFollow, 0, out found);

    /// <summary>Opens what a folder has under a name, or makes it.</summary>
    public static int Open(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags, uint mode, out SafeFileHandle opened)
    {
        Span<byte> how = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(how, (ulong)(uint)(flags | NoFollow | CloseOnExec));
        BinaryPrimitives.WriteUInt64LittleEndian(how[8..], (flags & Create) != 0 ? mode : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(how[16..], Beneath);
        return Result((int)syscall(OpenAt2, folder, name, how, how.Length), out opened);
    }

    /// <summary>Opens a regular file that is held, to be read or written.</summary>
    public static int Reopen(SafeFileHandle file, int flags, out SafeFileHandle opened) =>
        Result(open(ProcessPath(file), flags | CloseOnExec | NoControllingTerminal | NonBlocking), out opened);

    /// <summary>The same descriptor once more.</summary>
    public static int Duplicate(SafeFileHandle file, out SafeFileHandle copy) => Result(fcntl(file, DuplicateCloseOnExec, 0), out copy);

    public static int Status(SafeFileHandle file, ulong home, out FileStatus status)
    {
        Span<byte> bytes = stackalloc byte[FileStatus.Size];
        bytes.Clear();
        var error = Result(statx(file, [0], EmptyPath, StatxBasicAndBirth, bytes));
        status = new FileStatus(bytes, home);
        return error;
    }

    public static int FileSystem(SafeFileHandle file, Span<byte> status) => Result(fstatfs(file, status));

    public static int MakeDirectory(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode) => Result(mkdirat(folder, name, mode));

    /// <summary>Makes a regular file, pipe or socket.</summary>
    public static int MakeNode(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode) => Result(mknodat(folder, name, mode, 0));

    public static int MakeSymLink(ReadOnlySpan<byte> target, SafeFileHandle folder, ReadOnlySpan<byte> name) => Result(symlinkat(target, folder, name));

    public static int Link(SafeFileHandle file, SafeFileHandle folder, ReadOnlySpan<byte> name) =>
        Result(linkat(CurrentFolder, ProcessPath(file), folder, name, SymLinkFollow));

    public static int Rename(SafeFileHandle folder, ReadOnlySpan<byte> name, SafeFileHandle newFolder, ReadOnlySpan<byte> newName) =>
        Result(renameat(folder, name, newFolder, newName));

    public static int Unlink(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags) => Result(unlinkat(folder, name, flags));

    public static int ReadLink(SafeFileHandle link, Span<byte> target, out int length)
    {
        var read = readlinkat(link, [0], target, (nuint)target.Length);
        length = (int)Math.Max(0, read);
        return Result((int)read);
    }

    public static int SetMode(SafeFileHandle file, uint mode) => Result(chmod(ProcessPath(file), mode));

    /// <param name="file">Held.</param>
    /// <param name="owner">uint.MaxValue: stays.</param>
    /// <param name="group">uint.MaxValue: stays.</param>
    public static int SetOwner(SafeFileHandle file, uint owner, uint group) => Result(fchownat(file, [0], owner, group, EmptyPath));

    public static int SetLength(SafeFileHandle file, long length) => Result(truncate(ProcessPath(file), length));

    /// <param name="file">Held.</param>
    /// <param name="times">Two struct timespec: access, modification.</param>
    public static int SetTimes(SafeFileHandle file, ReadOnlySpan<long> times) => Result(utimensat(CurrentFolder, ProcessPath(file), times, 0));

    public static int Sync(SafeFileHandle opened, bool dataOnly) => Result(dataOnly ? fdatasync(opened) : fsync(opened));

    public static int Read(SafeFileHandle opened, Span<byte> destination, ulong offset, out int count)
    {
        nint done;
        do
            done = pread(opened, destination, (nuint)destination.Length, (long)offset);
        while (done < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        count = (int)Math.Max(0, done);
        return Result((int)Math.Min(done, 0));
    }

    public static int Write(SafeFileHandle opened, ReadOnlySpan<byte> source, ulong offset, out int count)
    {
        nint done;
        do
            done = pwrite(opened, source, (nuint)source.Length, (long)offset);
        while (done < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        count = (int)Math.Max(0, done);
        return Result((int)Math.Min(done, 0));
    }

    /// <summary>Entries of an opened folder from a place on, as getdents64(2) has them.</summary>
    public static int ReadEntries(SafeFileHandle opened, ulong place, Span<byte> entries, out int length)
    {
        length = 0;
        if (lseek(opened, (long)place, 0) < 0)
            return Result(-1);
        var read = (int)getdents64(GetDirectoryEntries, opened, entries, (nuint)entries.Length);
        length = Math.Max(0, read);
        return Result(read);
    }

    public static int GetExtended(SafeFileHandle file, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        var read = (int)getxattr(ProcessPath(file), name, value, (nuint)value.Length);
        length = Math.Max(0, read);
        return Result(read);
    }

    public static int ListExtended(SafeFileHandle file, Span<byte> names, out int length)
    {
        var read = (int)listxattr(ProcessPath(file), names, (nuint)names.Length);
        length = Math.Max(0, read);
        return Result(read);
    }

    public static int SetExtended(SafeFileHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int flags) =>
        Result(setxattr(ProcessPath(file), name, value, (nuint)value.Length, flags));

    public static int RemoveExtended(SafeFileHandle file, ReadOnlySpan<byte> name) => Result(removexattr(ProcessPath(file), name));

    /// <summary>True where the process may change owners of files.</summary>
    public static bool IsPrivileged() => geteuid() == 0;

    /// <summary>Descriptors that the process may have.</summary>
    public static long DescriptorLimit()
    {
        Span<long> limit = stackalloc long[2];
        return getrlimit(7, limit) == 0 ? limit[0] : 1024;
    }

    /// <summary>A path that leads to what a descriptor holds, whatever has become of its name.</summary>
    private static string ProcessPath(SafeFileHandle file) => $"/proc/self/fd/{file.DangerousGetHandle()}";

    private static int Result(int result) => result >= 0 ? Errno.None : Marshal.GetLastPInvokeError();

    private static int Result(int descriptor, out SafeFileHandle handle)
    {
        var error = Result(descriptor);
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return error;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, SafeFileHandle folder, ReadOnlySpan<byte> name, ReadOnlySpan<byte> how, nint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long getdents64(long number, SafeFileHandle folder, Span<byte> entries, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFileHandle file, ReadOnlySpan<byte> path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, Span<byte> status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(ReadOnlySpan<byte> target, SafeFileHandle folder, ReadOnlySpan<byte> name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int linkat(int none, string path, SafeFileHandle folder, ReadOnlySpan<byte> name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(SafeFileHandle folder, ReadOnlySpan<byte> name, SafeFileHandle newFolder, ReadOnlySpan<byte> newName);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFileHandle link, ReadOnlySpan<byte> path, Span<byte> target, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(SafeFileHandle file, ReadOnlySpan<byte> path, uint owner, uint group, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int truncate(string path, long length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(int none, string path, ReadOnlySpan<long> times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fdatasync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(SafeFileHandle file, Span<byte> destination, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(SafeFileHandle file, ReadOnlySpan<byte> source, nuint length, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(SafeFileHandle file, long offset, int origin);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint getxattr(string path, ReadOnlySpan<byte> name, Span<byte> value, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint listxattr(string path, Span<byte> names, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setxattr(string path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int removexattr(string path, ReadOnlySpan<byte> name);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, Span<long> limit);
}
