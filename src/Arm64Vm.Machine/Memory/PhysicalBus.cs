using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Memory;

/// <summary>Finds the device behind a physical address. Lookups take no lock and allocate nothing; any number of vCPUs may ask at once.</summary>
/// <remarks>RAM and mapped ROM are not here: the processors reach them directly and come here for the rest.</remarks>
internal sealed class PhysicalBus : IMmioDevice, IPhysicalBus
{
    private readonly Lock _gate = new();
    private readonly ILogSink? _log;
    private Table _table = new([], []);

    public PhysicalBus(ILogSink? log = null) => _log = log;

    /// <summary>Puts a device on the bus.</summary>
    /// <param name="region">Where it answers.</param>
    /// <param name="name">For messages.</param>
    /// <param name="device">What answers; it sees offsets from the region's base.</param>
    /// <param name="isThreadSafe">False: the bus lets one access at a time through to it.</param>
    /// <exception cref="ArgumentException">The region is empty, wraps, or overlaps another.</exception>
    public void Map(Region region, string name, IMmioDevice device, bool isThreadSafe = false)
    {
        if (region.Size == 0 || region.End <= region.Base)
            throw new ArgumentException($"The region of {name} is empty or wraps.");
        lock (_gate)
        {
            var old = _table;
            var place = 0;
            for (; place < old.Slots.Length && old.Slots[place].Region.Base < region.Base; place++)
            {
            }

            foreach (var slot in old.Slots)
            {
                if (slot.Region.Overlaps(region))
                    throw new ArgumentException($"{name} at {region} overlaps {slot.Name} at {slot.Region}.");
            }

            var slots = new Slot[old.Slots.Length + 1];
            old.Slots.AsSpan(0, place).CopyTo(slots);
            slots[place] = new Slot(region, name, device, isThreadSafe ? null : new Lock());
            old.Slots.AsSpan(place).CopyTo(slots.AsSpan(place + 1));
            Volatile.Write(ref _table, new Table(Array.ConvertAll(slots, s => s.Region.Base), slots));
        }
    }

    /// <summary>Reads at a physical address. False: nothing answers, or the device refuses; the guest takes an external abort.</summary>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        if (Find(offset, size) is { } slot)
        {
            bool done;
            if (slot.Gate is null)
            {
                done = slot.Device.TryRead(offset - slot.Region.Base, size, out value);
            }
            else
            {
                lock (slot.Gate)
                    done = slot.Device.TryRead(offset - slot.Region.Base, size, out value);
            }

            if (done)
                return true;
        }

        LogRefused("read", offset, size);
        value = 0;
        return false;
    }

    /// <summary>Writes at a physical address. False: nothing answers, or the device refuses; the guest takes an external abort.</summary>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (Find(offset, size) is { } slot)
        {
            bool done;
            if (slot.Gate is null)
            {
                done = slot.Device.TryWrite(offset - slot.Region.Base, size, value);
            }
            else
            {
                lock (slot.Gate)
                    done = slot.Device.TryWrite(offset - slot.Region.Base, size, value);
            }

            if (done)
                return true;
        }

        LogRefused("write", offset, size);
        return false;
    }

    /// <summary>The devices, by address.</summary>
    public IEnumerable<(Region Region, string Name)> Devices => Volatile.Read(ref _table).Slots.Select(slot => (slot.Region, slot.Name));

    /// <summary>The device at a physical address; null: nothing answers there.</summary>
    public string? NameOf(ulong address) => Find(address, 1)?.Name;

    private Slot? Find(ulong address, int size)
    {
        var table = Volatile.Read(ref _table);
        var bases = table.Bases;
        int low = 0, high = bases.Length;
        while (low < high)
        {
            var middle = (int)((uint)(low + high) >> 1);
            if (bases[middle] <= address)
                low = middle + 1;
            else
                high = middle;
        }

        if (low == 0 || size is not (1 or 2 or 4 or 8))
            return null;
        var slot = table.Slots[low - 1];
        return slot.Region.Contains(address, (ulong)size) ? slot : null;
    }

    private void LogRefused(string what, ulong address, int size)
    {
        if (_log is null || !_log.IsEnabled(LogCategories.Mmio))
            return;
        var slot = Find(address, size);
        var where = slot is null ? "nothing is there" : $"refused by {slot.Name}";
        _log.Write(LogCategories.Mmio, $"{what} of {size} bytes at 0x{address:x}: {where}");
    }

    private sealed record Slot(Region Region, string Name, IMmioDevice Device, Lock? Gate);

    /// <summary>Sorted by base; replaced as a whole.</summary>
    private sealed record Table(ulong[] Bases, Slot[] Slots);
}
