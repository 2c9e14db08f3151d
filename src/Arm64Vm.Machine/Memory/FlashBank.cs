using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Devices.Flash;

namespace Arm64Vm.Machine.Memory;

/// <summary>A flash bank on the board: guests read and run it as memory, and its commands go through the bus.</summary>
internal sealed class FlashBank
{
    /// <param name="storage">Its bytes, and where it is; must outlive the processors.</param>
    /// <param name="memory">Gets the contents as a read-only region while the bank is in read-array mode.</param>
    /// <param name="bus">Gets the device.</param>
    /// <param name="store">Keeps what the guest changes; null: nothing does.</param>
    /// <param name="readOnly">The guest cannot program or erase.</param>
    /// <param name="log">Gets unknown commands.</param>
    public FlashBank(FlashStorage storage, PhysicalMemory memory, PhysicalBus bus, IFlashStore? store = null, bool readOnly = false, ILogSink? log = null)
    {
        var region = storage.Region;
        Device = new CfiFlash(storage.Contents, readOnly: readOnly, store: store, log: log);
        var mapped = AddRegion(memory, storage);
        Device.ReadArrayModeChanged += isArray => memory.SetMapped(mapped, isArray);
        Device.ContentsChanged += (offset, length) => memory.NotifyChanged(region.Base + offset, length);
        bus.Map(region, $"flash at 0x{region.Base:x}", Device, isThreadSafe: true);
    }

    /// <summary>The device.</summary>
    public CfiFlash Device { get; }

    private static unsafe MemoryRegion AddRegion(PhysicalMemory memory, FlashStorage storage) =>
        // SAFETY: the storage outlives the processors.
        memory.AddRegion(storage.Region.Base, storage.Host, storage.Region.Size, writable: false);
}
