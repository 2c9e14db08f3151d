namespace Arm64Vm.Cpu.Memory;

/// <summary>The guest's RAM: one memfd mapped into this process, populated as the guest touches it.</summary>
// SAFETY: the mapping is owned by this object until Dispose and page aligned; addresses in it are used only while it is mapped, since the machine is gone before it.
internal sealed unsafe class GuestRam : IDisposable
{
    /// <summary>RAM sizes are multiples of this: the largest translation granule.</summary>
    public const ulong Granularity = 64 * 1024;

    /// <summary>1 TiB: what fits the address spaces of both the host and the presented processors.</summary>
    public const ulong MaximumSize = 1UL << 40;

    private readonly HostMemory _memory;

    /// <summary>Reserves RAM.</summary>
    /// <param name="physicalBase">Where the guest sees it.</param>
    /// <param name="size">In bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size or base is zero, too large or not a multiple of <see cref="Granularity"/>.</exception>
    /// <exception cref="OutOfMemoryException">The host refuses the reservation.</exception>
    public GuestRam(ulong physicalBase, ulong size)
    {
        if (size == 0 || size > MaximumSize || size % Granularity != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, $"RAM must be a multiple of {Granularity / 1024} KiB, at least that much and at most {MaximumSize >> 30} GiB.");
        if (physicalBase % Granularity != 0 || physicalBase > (1UL << 52) - size)
            throw new ArgumentOutOfRangeException(nameof(physicalBase), physicalBase, "The RAM base must be aligned and inside the physical address space.");

        PhysicalBase = physicalBase;
        _memory = HostMemory.FileBacked("arm64vm-ram", size);
        _memory.AdviseHugePages();
        Population = new RamPopulation(_memory);
    }

    public ulong PhysicalBase { get; }

    public ulong Size => _memory.Size;

    /// <summary>Hears of stores, by their offset in RAM.</summary>
    internal RamPopulation Population { get; }

    /// <summary>First byte in host memory; valid until disposal.</summary>
    public byte* Host => _memory.Address;

    /// <summary>Puts bytes there that the guest may never look at: pages are mapped when it does (<see cref="HostMemory.Write"/>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not inside.</exception>
    public void Write(ulong offset, ReadOnlySpan<byte> bytes) => _memory.Write(offset, bytes);

    /// <summary>Gives whole pages back to the host; they read as zeros.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not whole pages, or not inside.</exception>
    public void Discard(ulong offset, ulong length)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual((offset | length) & 0xFFF, 0ul, nameof(offset));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Size - offset);
        Population.Forget(offset, length);
        _memory.Discard(offset, length);
    }

    public void Dispose() => _memory.Dispose();
}
