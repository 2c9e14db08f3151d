using System.Runtime.InteropServices;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>
/// Memory for emitted code, mapped twice: writable at <see cref="Rw"/>, executable at <see cref="Rx"/>. No page is ever both, and installing
/// code needs no mprotect. Pages are allocated by the host when first touched. Dispose only when no thread can run code in it.
/// </summary>
internal sealed unsafe class CodeBuffer : IDisposable
{
    /// <summary>Branches between any two places must fit a signed 32-bit displacement.</summary>
    public const long MaxSize = 1L << 31;

    // SAFETY: both views are Size bytes, owned by this object from Create to Dispose, and page-aligned.
    private readonly Unmap _unmap;
    private readonly MemoryAccount? _account;

    private delegate int Unmap(void* address, nuint size);

    private CodeBuffer(byte* rw, byte* rx, long size, Unmap unmap, MemoryAccount? account)
    {
        Rw = rw;
        Rx = rx;
        Size = size;
        _unmap = unmap;
        _account = account;
        account?.Add(size);
    }

    ~CodeBuffer() => Release();

    /// <summary>The writable view; null once disposed.</summary>
    public byte* Rw { get; private set; }

    /// <summary>The executable view (readable and executable); null once disposed.</summary>
    public byte* Rx { get; private set; }

    /// <summary>Bytes in each view.</summary>
    public long Size { get; private set; }

    /// <summary>Reserves <paramref name="size"/> bytes, rounded up to whole pages.</summary>
    /// <exception cref="ExecutableMemoryException">The host refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The size is not in 1..<see cref="MaxSize"/>.</exception>
    public static CodeBuffer Create(long size, MemoryAccount? account = null) => Create<LinuxMappingCalls>(size, account);

    internal static CodeBuffer Create<TCalls>(long size, MemoryAccount? account = null)
        where TCalls : struct, IMappingCalls
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxSize);
        long pageMask = Environment.SystemPageSize - 1;
        size = (size + pageMask) & ~pageMask;

        int fd = OpenFile<TCalls>();
        try
        {
            Check("ftruncate", TCalls.Ftruncate(fd, size));
            // Once sealed, no holder of the descriptor can shrink the file under running code.
            Check("fcntl(F_ADD_SEALS)", TCalls.AddSeals(fd, FSealGrow | FSealShrink | FSealSeal));
            byte* rw = (byte*)Check("mmap(PROT_READ|PROT_WRITE)", TCalls.Mmap((nuint)size, ProtRead | ProtWrite, MapShared | MapNoReserve, fd));
            nint rx = TCalls.Mmap((nuint)size, ProtRead | ProtExec, MapShared | MapNoReserve, fd);
            if (IsError(rx))
            {
                TCalls.Munmap(rw, (nuint)size);
                Check("mmap(PROT_READ|PROT_EXEC)", rx);
            }

            return new CodeBuffer(rw, (byte*)rx, size, TCalls.Munmap, account);
        }
        finally
        {
            // The mappings keep the file alive.
            TCalls.Close(fd);
        }
    }

    /// <summary>The executable address of a byte given by its writable address.</summary>
    public byte* RwToRx(byte* rw) => Rx + (rw - Rw);

    /// <summary>The writable address of a byte given by its executable address.</summary>
    public byte* RxToRw(byte* rx) => Rw + (rx - Rx);

    /// <summary>True if the address lies in the executable view.</summary>
    public bool ContainsRx(void* address) => (ulong)((byte*)address - Rx) < (ulong)Size;

    /// <summary>Gives the memory behind an offset back to the host, down to whole pages; no code there may run any more. Bytes that were present.</summary>
    public long GiveBackFrom(long offset)
    {
        long start = (offset + Environment.SystemPageSize - 1) & ~(Environment.SystemPageSize - 1L);
        return start >= Size ? 0 : MappingRelease.Shared(Rw + start, Size - start);
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private static int OpenFile<TCalls>()
        where TCalls : struct, IMappingCalls
    {
        const string Name = "arm64vm-code";
        const uint Flags = MfdCloexec | MfdAllowSealing;
        // MFD_EXEC says that we mean to execute; kernels before 6.3 do not know it, and vm.memfd_noexec = 2 forbids it.
        int fd = TCalls.MemfdCreate(Name, Flags | MfdExec);
        if (fd == -Einval)
        {
            fd = TCalls.MemfdCreate(Name, Flags);
        }

        return (int)Check("memfd_create", fd);
    }

    private static nint Check(string step, nint result)
    {
        if (IsError(result))
        {
            int errno = (int)-result;
            throw new ExecutableMemoryException(step, errno, Marshal.GetPInvokeErrorMessage(errno));
        }

        return result;
    }

    private void Release()
    {
        if (Rw == null)
        {
            return;
        }

        _unmap(Rw, (nuint)Size);
        _unmap(Rx, (nuint)Size);
        _account?.Add(-Size);
        Rw = null;
        Rx = null;
        Size = 0;
    }
}
