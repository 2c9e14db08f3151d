using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Cpu.Memory;

/// <summary>A range of host address space: anonymous, or backed by a memfd so that it can be shared and cloned. Zero-filled, populated on first touch.</summary>
// SAFETY: owns [Address, Address + Size) from construction to Dispose; the kernel checks what is passed to it.
internal sealed unsafe class HostMemory : IDisposable
{
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
        int descriptor = MemfdCreate(name, MfdCloexec);
        if (descriptor < 0)
            throw new OutOfMemoryException($"memfd_create: {Describe(descriptor)}");

        int truncated = Ftruncate(descriptor, (long)size);
        if (truncated != 0)
        {
            _ = Close(descriptor);
            throw new OutOfMemoryException($"Cannot make a memory file of {size} bytes: {Describe(truncated)}");
        }

        try
        {
            return new HostMemory(Map(size, MapShared | MapNoReserve, descriptor), size, descriptor);
        }
        catch
        {
            _ = Close(descriptor);
            throw;
        }
    }

    /// <summary>Asks for huge pages; a host without them ignores it.</summary>
    public void AdviseHugePages() => _ = Madvise(Address, (nuint)Size, AdviseHugePage);

    /// <summary>Pages are small also where the host would give huge ones to everybody.</summary>
    public void AdviseSmallPages() => _ = Madvise(Address, (nuint)Size, AdviseNoHugePage);

    /// <summary>Makes whole pages present, for writing; what is outside is left out.</summary>
    public void Populate(ulong offset, ulong length)
    {
        if (offset < Size)
            MappingPopulation.ForWriting(Address + offset, (long)Math.Min(length, Size - offset));
    }

    /// <summary>Copies bytes there. Those of a memfd go through its descriptor, so that this process need not have their pages mapped: a page that is touched for the first time costs far more than its copy.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)bytes.Length, Size - offset);
        fixed (byte* source = bytes)
        {
            int done = 0;
            while (done < bytes.Length && _descriptor >= 0)
            {
                nint written = Pwrite(_descriptor, source + done, (nuint)(bytes.Length - done), (long)offset + done);
                if (written <= 0)
                    break; // the mapping does it, or shows why not
                done += (int)written;
            }

            bytes[done..].CopyTo(new Span<byte>(Address + offset + done, bytes.Length - done));
        }
    }

    /// <summary>Frees whole pages of a memfd: a hole in it. Without effect where the host cannot.</summary>
    public void Discard(ulong offset, ulong length) => _ = Madvise(Address + offset, (nuint)length, AdviseRemove);

    public void Dispose()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address == 0)
            return;

        _ = Munmap((void*)address, (nuint)Size);
        if (_descriptor >= 0)
            _ = Close(_descriptor);
        _descriptor = -1;
        GC.SuppressFinalize(this);
    }

    ~HostMemory() => Dispose();

    private static nint Map(ulong size, int flags, int descriptor)
    {
        nint address = Mmap((nuint)size, ProtRead | ProtWrite, flags, descriptor);
        if (IsError(address))
            throw new OutOfMemoryException($"Cannot map {size} bytes of host memory: {Describe(address)}");
        return address;
    }

    private static string Describe(nint error) => Marshal.GetPInvokeErrorMessage((int)-error);
}
