namespace Arm64Vm.Cpu.Memory;

/// <summary>What must hear of changes to physical memory that were not made by its own guest code: one per vCPU.</summary>
public interface IMemoryObserver
{
    /// <summary>Bytes changed, so translations of them are stale. Any thread.</summary>
    void BytesChanged(ulong physicalAddress, ulong length);

    /// <summary>A region appeared, vanished or changed its kind, so cached host addresses are stale. Any thread.</summary>
    void MapChanged();
}

/// <summary>The guest-physical address space: host memory in regions, everything else on the bus.</summary>
/// <remarks>Regions are added while the machine is built. Resolving is safe from any thread.</remarks>
public sealed unsafe class PhysicalMemory : IGuestMemory
{
    private readonly Lock _gate = new();
    private MemoryRegion[] _regions = [];
    private IMemoryObserver[] _observers = [];

    public PhysicalMemory(IPhysicalBus bus) => Bus = bus;

    public IPhysicalBus Bus { get; }

    /// <summary>Makes host memory visible at a physical address. The memory must outlive every vCPU that uses it.</summary>
    /// <exception cref="ArgumentException">Not page aligned, or overlapping a region.</exception>
    public MemoryRegion AddRegion(ulong physicalBase, byte* host, ulong size, bool writable)
    {
        if (size == 0 || ((physicalBase | size | (ulong)host) & 0xFFF) != 0)
            throw new ArgumentException("A region starts at a page boundary and is a whole number of pages.");

        lock (_gate)
        {
            foreach (MemoryRegion other in _regions)
            {
                if (physicalBase < other.PhysicalBase + other.Size && other.PhysicalBase < physicalBase + size)
                    throw new ArgumentException($"The region at {physicalBase:x} overlaps the one at {other.PhysicalBase:x}.");
            }

            var region = new MemoryRegion(physicalBase, host, size, writable);

            // RAM first: it is what nearly every look-up wants.
            _regions = writable ? [region, .. _regions] : [.. _regions, region];
            return region;
        }
    }

    /// <summary>Adds RAM as a writable region.</summary>
    public MemoryRegion AddRam(GuestRam ram) => AddRegion(ram.PhysicalBase, ram.Host, ram.Size, writable: true);

    /// <summary>Puts a region's host memory in place for loads and fetches, or lets the bus answer them.</summary>
    public void SetMapped(MemoryRegion region, bool mapped)
    {
        if (region.IsMapped == mapped)
            return;
        region.IsMapped = mapped;
        foreach (IMemoryObserver observer in _observers)
            observer.MapChanged();
    }

    /// <summary>Bytes of a region that the guest can read were changed by others than its stores (a flash chip was programmed, a page walker set a flag).</summary>
    public void NotifyChanged(ulong physicalAddress, ulong length)
    {
        foreach (IMemoryObserver observer in _observers)
            observer.BytesChanged(physicalAddress, length);
    }

    public void AddObserver(IMemoryObserver observer)
    {
        lock (_gate)
            _observers = [.. _observers, observer];
    }

    public void RemoveObserver(IMemoryObserver observer)
    {
        lock (_gate)
            _observers = Array.FindAll(_observers, other => other != observer);
    }

    /// <summary>
    /// Host address of a physical one, or null where the bus answers; with the bytes from there to the end of the region,
    /// and whether stores may go to host memory too.
    /// </summary>
    public byte* Resolve(ulong physicalAddress, out ulong available, out bool writable)
    {
        foreach (MemoryRegion region in _regions)
        {
            ulong offset = physicalAddress - region.PhysicalBase;
            if (offset < region.Size && region.IsMapped)
            {
                available = region.Size - offset;
                writable = region.IsWritable;
                return region.Host + offset;
            }
        }

        available = 0;
        writable = false;
        return null;
    }

    /// <summary>Host address of a page table descriptor or other RAM that the processor itself reads; null outside host memory.</summary>
    internal byte* Resolve(ulong physicalAddress, int size, out bool writable)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out writable);
        return available >= (ulong)size ? host : null;
    }

    public bool TryRead(ulong physicalAddress, Span<byte> destination)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out _);
        if (host == null || available < (ulong)destination.Length)
            return destination.IsEmpty;

        // SAFETY: Resolve gave `available` readable bytes; regions outlive the machine.
        new ReadOnlySpan<byte>(host, destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out bool writable);
        if (host == null || !writable || available < (ulong)source.Length)
            return source.IsEmpty;

        // SAFETY: as above, and the region is writable.
        source.CopyTo(new Span<byte>(host, source.Length));
        foreach (IMemoryObserver observer in _observers)
            observer.BytesChanged(physicalAddress, (ulong)source.Length);
        return true;
    }

    public ReadOnlySpan<byte> Map(ulong physicalAddress, ulong length)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out _);

        // SAFETY: as in TryRead; where nothing is, `available` is 0.
        return new ReadOnlySpan<byte>(host, SpanLength(available, length));
    }

    public Span<byte> MapForWriting(ulong physicalAddress, ulong length)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out bool writable);

        // SAFETY: as in TryWrite.
        return writable ? new Span<byte>(host, SpanLength(available, length)) : default;
    }

    public void NotifyWritten(ulong physicalAddress, ulong length) => NotifyChanged(physicalAddress, length);

    private static int SpanLength(ulong available, ulong length) => (int)Math.Min(Math.Min(available, length), int.MaxValue);
}
