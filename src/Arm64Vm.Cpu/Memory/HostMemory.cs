using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Arm64Vm.Cpu.Memory;

/// <summary>A range of host address space: anonymous, or backed by a memfd so that it can be shared and cloned. Zero-filled, populated on first touch.</summary>
// SAFETY: owns [Address, Address + Size) from construction to Dispose; the kernel checks what is passed to it.
internal sealed unsafe partial class HostMemory : IDisposable
{
    private const int ProtReadWrite = 3;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const int AdviseHugePage = 14;
    private const int AdviseRemove = 9;
    private const uint CloseOnExec = 1;
    private static readonly nint s_failed = -1;

    private nint _address;
    private int _descriptor = -1;

    private HostMemory(nint address, ulong size, int descriptor)
    {
        _address = address;
        Size = size;
        _descriptor = descriptor;
    }

    public ulong Size { get; }

    public byte* Address => (byte*)_address;

    /// <summary>Private zero pages.</summary>
    public static HostMemory Anonymous(ulong size) =>
        new(Map(size, MapPrivate | MapAnonymous | MapNoReserve, -1), size, -1);

    /// <summary>Pages of a new memfd called <paramref name="name"/>.</summary>
    public static HostMemory FileBacked(string name, ulong size)
    {
        int descriptor = memfd_create(name, CloseOnExec);
        if (descriptor < 0)
            throw new OutOfMemoryException($"memfd_create: {LastError()}");

        if (ftruncate(descriptor, (long)size) != 0)
        {
            string error = LastError();
            _ = close(descriptor);
            throw new OutOfMemoryException($"Cannot make a memory file of {size} bytes: {error}");
        }

        try
        {
            return new HostMemory(Map(size, MapShared | MapNoReserve, descriptor), size, descriptor);
        }
        catch
        {
            _ = close(descriptor);
            throw;
        }
    }

    /// <summary>Asks for huge pages; a host without them ignores it.</summary>
    public void AdviseHugePages() => _ = madvise(_address, (nuint)Size, AdviseHugePage);

    /// <summary>Frees whole pages of a memfd: a hole in it. Without effect where the host cannot.</summary>
    public void Discard(ulong offset, ulong length) => _ = madvise(_address + (nint)offset, (nuint)length, AdviseRemove);

    public void Dispose()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address == 0)
            return;

        _ = munmap(address, (nuint)Size);
        if (_descriptor >= 0)
            _ = close(_descriptor);
        _descriptor = -1;
        GC.SuppressFinalize(this);
    }

    ~HostMemory() => Dispose();

    private static nint Map(ulong size, int flags, int descriptor)
    {
        nint address = mmap(0, (nuint)size, ProtReadWrite, flags, descriptor, 0);
        if (address == s_failed)
            throw new OutOfMemoryException($"Cannot map {size} bytes of host memory: {LastError()}");
        return address;
    }

    private static string LastError() => new Win32Exception(Marshal.GetLastPInvokeError()).Message;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int descriptor, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
