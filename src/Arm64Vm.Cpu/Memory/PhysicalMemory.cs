using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Translation;

namespace Arm64Vm.Cpu.Memory;

/// <summary>What must hear of changes of the physical memory map: one per vCPU.</summary>
internal interface IMemoryObserver
{
    /// <summary>A region appeared, vanished or changed its kind, so cached host addresses are stale. Any thread.</summary>
    void MapChanged();
}

/// <summary>The guest-physical address space: host memory in regions, everything else on the bus.</summary>
/// <remarks>Regions are added while the machine is built. Resolving is safe from any thread.</remarks>
internal sealed unsafe class PhysicalMemory : IGuestMemory
{
    /// <summary>Longer buffers of devices, which a guest may have announced without meaning to have them filled, are left to page faults.</summary>
    private const ulong MostPresentAtOnce = 1 << 20;

    /// <summary>From here on what is written at once is an image, most of which the guest does not look at for a while (<see cref="GuestRam.Write"/>).</summary>
    private const int LongWrite = 64 << 10;

    private readonly Lock _gate = new();
    private MemoryRegion[] _regions = [];
    private GuestRam[] _rams = [];
    private IMemoryObserver[] _observers = [];
    private (ICodeTracker Tracker, int Users)[] _trackers = [];

    public PhysicalMemory(IPhysicalBus bus) => Bus = bus;

    public IPhysicalBus Bus { get; }

    /// <summary>The processors that share this memory, and each other's TLB maintenance.</summary>
    internal ShareabilityDomain Domain { get; } = new();

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
    public MemoryRegion AddRam(GuestRam ram)
    {
        MemoryRegion region = AddRegion(ram.PhysicalBase, ram.Host, ram.Size, writable: true);
        lock (_gate)
            _rams = [.. _rams, ram];
        return region;
    }

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
        Thread.MemoryBarrier();
        CodeChanged(physicalAddress, length);
    }

    /// <summary>Translated code may exist on this physical page: stores to it must be reported.</summary>
    internal bool HasCode(ulong physicalPage)
    {
        foreach ((ICodeTracker tracker, _) in _trackers)
        {
            if (tracker.HasCode(physicalPage))
                return true;
        }

        return false;
    }

    /// <summary>Bytes were changed, and a fence executed since: translations of them are dropped. Any thread.</summary>
    internal void CodeChanged(ulong physicalAddress, ulong length)
    {
        foreach ((ICodeTracker tracker, _) in _trackers)
        {
            for (ulong page = physicalAddress & ~0xFFFUL; page < physicalAddress + length; page += 0x1000)
            {
                if (!tracker.HasCode(page))
                    continue;
                ulong first = Math.Max(page, physicalAddress);
                tracker.Invalidate(first, Math.Min(page + 0x1000, physicalAddress + length) - first);
            }
        }
    }

    /// <summary>Translations that <paramref name="tracker"/> keeps are of this memory. Adding it again counts.</summary>
    internal void AddTracker(ICodeTracker tracker)
    {
        lock (_gate)
        {
            int index = Array.FindIndex(_trackers, entry => entry.Tracker == tracker);
            (ICodeTracker, int)[] changed = index < 0 ? [.. _trackers, (tracker, 0)] : [.. _trackers];
            index = index < 0 ? changed.Length - 1 : index;
            changed[index].Item2++;
            _trackers = changed;
        }
    }

    internal void RemoveTracker(ICodeTracker tracker)
    {
        lock (_gate)
        {
            (ICodeTracker Tracker, int Users)[] changed = [.. _trackers];
            int index = Array.FindIndex(changed, entry => entry.Tracker == tracker);
            if (index >= 0)
                changed[index].Users--;
            _trackers = Array.FindAll(changed, entry => entry.Users > 0);
        }
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

    /// <summary>The region of RAM, or other host memory that is written to in place, around a physical address; null where there is none.</summary>
    internal MemoryRegion? RamAt(ulong physicalAddress)
    {
        foreach (MemoryRegion region in _regions)
        {
            // Those come first.
            if (!region.IsWritable)
                break;
            if (physicalAddress - region.PhysicalBase < region.Size && region.IsMapped)
                return region;
        }

        return null;
    }

    /// <summary>Host address of a page table descriptor or other RAM that the processor itself reads; null outside host memory.</summary>
    internal byte* Resolve(ulong physicalAddress, int size, out bool writable)
    {
        byte* host = Resolve(physicalAddress, out ulong available, out writable);
        return available >= (ulong)size ? host : null;
    }

    /// <summary>Stores are about to go to [physicalAddress, physicalAddress + length), of a device, or of a processor whose TLB had no entry for the page.</summary>
    internal void NoteStores(ulong physicalAddress, ulong length)
    {
        if (FindRam(physicalAddress) is not { } ram)
            return;
        ulong offset = physicalAddress - ram.PhysicalBase;
        ram.Population.Note(offset, Math.Min(length, ram.Size - offset));
    }

    private GuestRam? FindRam(ulong physicalAddress)
    {
        foreach (GuestRam ram in _rams)
        {
            if (physicalAddress - ram.PhysicalBase < ram.Size)
                return ram;
        }

        return null;
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

        if (source.Length >= LongWrite && FindRam(physicalAddress) is { } ram)
        {
            ram.Write(physicalAddress - ram.PhysicalBase, source);
        }
        else
        {
            NoteStores(physicalAddress, (ulong)source.Length);

            // SAFETY: as above, and the region is writable.
            source.CopyTo(new Span<byte>(host, source.Length));
        }

        NotifyChanged(physicalAddress, (ulong)source.Length);
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

        if (writable && length <= MostPresentAtOnce)
            NoteStores(physicalAddress, Math.Min(available, length));

        // SAFETY: as in TryWrite.
        return writable ? new Span<byte>(host, SpanLength(available, length)) : default;
    }

    public void Discard(ulong physicalAddress, ulong length)
    {
        ulong end = length > ulong.MaxValue - physicalAddress ? ulong.MaxValue : physicalAddress + length;
        foreach (GuestRam ram in _rams)
        {
            ulong first = (Math.Max(physicalAddress, ram.PhysicalBase) + 0xFFF) & ~0xFFFUL;
            ulong last = Math.Min(end, ram.PhysicalBase + ram.Size) & ~0xFFFUL;
            if (first >= last)
                continue;
            ram.Discard(first - ram.PhysicalBase, last - first);
            NotifyChanged(first, last - first);
        }
    }

    public void NotifyWritten(ulong physicalAddress, ulong length) => NotifyChanged(physicalAddress, length);

    private static int SpanLength(ulong available, ulong length) => (int)Math.Min(Math.Min(available, length), int.MaxValue);
}
