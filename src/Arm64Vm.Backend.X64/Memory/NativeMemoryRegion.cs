using System.Runtime.InteropServices;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Zeroed, page-aligned memory outside the managed heap, for state that emitted code addresses. Populated when first touched.</summary>
internal sealed unsafe class NativeMemoryRegion : IDisposable
{
    /// <summary>What <see cref="MakePresentTo"/> makes present at once.</summary>
    public const int PresentStep = 2 << 20;

    private readonly MemoryAccount? _account;
    private long _present;

    /// <summary>Reserves <paramref name="size"/> bytes, rounded up to whole pages.</summary>
    /// <exception cref="OutOfMemoryException">The host refuses; the message has the errno.</exception>
    public NativeMemoryRegion(long size, MemoryAccount? account = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        long pageMask = Environment.SystemPageSize - 1;
        size = checked(size + pageMask) & ~pageMask;
        nint address = Mmap((nuint)size, ProtRead | ProtWrite, MapPrivate | MapAnonymous | MapNoReserve, -1);
        if (IsError(address))
        {
            GC.SuppressFinalize(this);
            throw new OutOfMemoryException($"mmap of {size} bytes failed with errno {-address} ({Marshal.GetPInvokeErrorMessage((int)-address)}).");
        }

        // SAFETY: owned by this object until Dispose; Size bytes, page-aligned.
        Address = (byte*)address;
        Size = size;
        _account = account;
        account?.Add(size);
    }

    ~NativeMemoryRegion() => Release();

    /// <summary>First byte; null once disposed.</summary>
    public byte* Address { get; private set; }

    public long Size { get; private set; }

    /// <summary>Takes small pages also where the host would give huge ones to everybody: little of it may ever be used, or it is given back.</summary>
    public NativeMemoryRegion WithSmallPages()
    {
        _ = Madvise(Address, (nuint)Size, AdviseNoHugePage);
        return this;
    }

    /// <summary>Makes all of it present, for writing: memory that is read first would be the host's page of zeros, for whose replacement the host interrupts every processor that runs a thread of this process.</summary>
    public NativeMemoryRegion MadePresent()
    {
        MappingPopulation.ForWriting(Address, Size);
        return this;
    }

    /// <summary>As <see cref="MadePresent"/>, but from the beginning to an end that grows with what is used, in steps. One thread at a time.</summary>
    public void MakePresentTo(long end)
    {
        end = Math.Min(Size, (end + PresentStep - 1) / PresentStep * PresentStep);
        if (end <= _present)
            return;
        MappingPopulation.ForWriting(Address + _present, end - _present);
        _present = end;
    }

    /// <summary>Gives the memory of the first bytes, rounded up to whole pages, back to the host: they are zero, and nobody uses them meanwhile. Bytes that were present.</summary>
    public long GiveBack(long bytes)
    {
        long pageMask = Environment.SystemPageSize - 1;
        _present = 0;
        return bytes == 0 ? 0 : MappingRelease.Anonymous(Address, Math.Min((bytes + pageMask) & ~pageMask, Size));
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (Address == null)
        {
            return;
        }

        Munmap(Address, (nuint)Size);
        _account?.Add(-Size);
        Address = null;
        Size = 0;
    }
}
