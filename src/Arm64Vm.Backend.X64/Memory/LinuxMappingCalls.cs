using System.Runtime.InteropServices;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>The host's memory mappings: for emitted code, for state that it addresses, and for guest RAM. Results are negative errno values on failure.</summary>
// SAFETY: pointers are addresses of mappings, passed through to the kernel and never dereferenced here.
internal unsafe partial struct LinuxMappingCalls : IMappingCalls
{
    public const int ProtNone = 0;
    public const int ProtRead = 1;
    public const int ProtWrite = 2;
    public const int ProtExec = 4;
    public const int MapShared = 1;
    public const int MapPrivate = 2;
    public const int MapAnonymous = 0x20;
    public const int MapNoReserve = 0x4000;
    public const uint MfdCloexec = 1;
    public const uint MfdAllowSealing = 2;
    public const uint MfdExec = 0x10;
    public const int AdviseHugePage = 14;
    public const int AdviseNoHugePage = 15;

    /// <summary>Reads pages of a file ahead: MADV_WILLNEED.</summary>
    public const int AdviseWillNeed = 3;

    /// <summary>Makes pages present as a read or a write of each would: MADV_POPULATE_READ, MADV_POPULATE_WRITE (Linux 5.14).</summary>
    public const int AdvisePopulateRead = 22;
    public const int AdvisePopulateWrite = 23;

    /// <summary>Drops private pages, which read as zeros then: MADV_DONTNEED.</summary>
    public const int AdviseDontNeed = 4;

    /// <summary>Frees pages of a file: MADV_REMOVE.</summary>
    public const int AdviseRemove = 9;
    public const int FAddSeals = 1033;
    public const int FSealSeal = 1;
    public const int FSealShrink = 2;
    public const int FSealGrow = 4;
    public const int Eperm = 1;
    public const int Eacces = 13;
    public const int Einval = 22;

    public static int MemfdCreate(string name, uint flags) => Result(Native.memfd_create(name, flags));

    public static int Ftruncate(int fd, long size) => Result(Native.ftruncate(fd, size));

    public static int AddSeals(int fd, int seals) => Result(Native.fcntl(fd, FAddSeals, seals));

    public static nint Mmap(nuint size, int protection, int flags, int fd)
    {
        nint address = Native.mmap(0, size, protection, flags, fd, 0);
        return address == -1 ? -Marshal.GetLastPInvokeError() : address;
    }

    public static int Munmap(void* address, nuint size) => Result(Native.munmap(address, size));

    /// <summary>Changes what whole pages may be used for.</summary>
    public static int Mprotect(void* address, nuint size, int protection) => Result(Native.mprotect(address, size, protection));

    public static int Madvise(void* address, nuint size, int advice) => Result(Native.madvise(address, size, advice));

    /// <summary>Which pages are present, a byte each.</summary>
    public static int Mincore(void* address, nuint size, byte* states) => Result(Native.mincore(address, size, states));

    /// <summary>True: a result is an error, its negative errno.</summary>
    public static bool IsError(nint result) => result is < 0 and > -4096;

    /// <summary>Writes to a file at an offset; bytes written, or the negative errno.</summary>
    public static nint Pwrite(int fd, void* bytes, nuint count, long offset)
    {
        nint written = Native.pwrite(fd, bytes, count, offset);
        return written < 0 ? -Marshal.GetLastPInvokeError() : written;
    }

    public static int Close(int fd) => Result(Native.close(fd));

    private static int Result(int value) => value < 0 ? -Marshal.GetLastPInvokeError() : value;

    private static partial class Native
    {
        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int memfd_create(string name, uint flags);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int ftruncate(int fd, long length);

        // fcntl is variadic; on x86-64 a variadic integer travels in the same register.
        [LibraryImport("libc", SetLastError = true)]
        internal static partial int fcntl(int fd, int command, int argument);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, long offset);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int munmap(void* address, nuint length);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int mprotect(void* address, nuint length, int protection);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int madvise(void* address, nuint length, int advice);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int mincore(void* address, nuint length, byte* states);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial nint pwrite(int fd, void* bytes, nuint count, long offset);

        [LibraryImport("libc", SetLastError = true)]
        internal static partial int close(int fd);
    }
}
