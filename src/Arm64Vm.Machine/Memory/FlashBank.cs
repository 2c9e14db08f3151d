using System.Buffers;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Devices.Flash;

namespace Arm64Vm.Machine.Memory;

/// <summary>A flash bank on the board: guests read and run it as memory, and its commands go through the bus.</summary>
public sealed class FlashBank : IDisposable
{
    private readonly GuestRam _storage;

    /// <param name="region">Where it is.</param>
    /// <param name="memory">Gets the contents as a read-only region while the bank is in read-array mode.</param>
    /// <param name="bus">Gets the device.</param>
    /// <param name="contents">The first bytes; the rest is zero, as the peer leaves it, and takes no host memory.</param>
    /// <param name="readOnly">The guest cannot program or erase.</param>
    /// <param name="log">Gets unknown commands.</param>
    /// <exception cref="Boot.BootImageException">The contents do not fit.</exception>
    public FlashBank(
        Region region, PhysicalMemory memory, PhysicalBus bus, ReadOnlySpan<byte> contents, bool readOnly = false, ILogSink? log = null)
    {
        if ((ulong)contents.Length > region.Size)
            throw new Boot.BootImageException($"The flash image has {contents.Length} bytes, but the bank holds {region.Size}.");
        _storage = new GuestRam(region.Base, region.Size);
        var bytes = new StorageManager(_storage).Memory;
        contents.CopyTo(bytes.Span);
        Device = new CfiFlash(bytes, readOnly: readOnly, log: log);
        var mapped = AddRegion(memory, _storage);
        Device.ReadArrayModeChanged += isArray => memory.SetMapped(mapped, isArray);
        Device.ContentsChanged += (offset, length) => memory.NotifyChanged(region.Base + offset, length);
        bus.Map(region, $"flash at 0x{region.Base:x}", Device, isThreadSafe: true);
    }

    /// <summary>The device.</summary>
    public CfiFlash Device { get; }

    /// <summary>Frees the contents; no processor may use them any more.</summary>
    public void Dispose() => _storage.Dispose();

    private static unsafe MemoryRegion AddRegion(PhysicalMemory memory, GuestRam storage) =>
        // SAFETY: the storage lives until Dispose, which comes after the processors.
        memory.AddRegion(storage.PhysicalBase, storage.Host, storage.Size, writable: false);

    /// <summary>Host memory as <see cref="Memory{T}"/>. It never moves, so there is nothing to pin.</summary>
    private sealed unsafe class StorageManager(GuestRam storage) : MemoryManager<byte>
    {
        // SAFETY: a bank has at most 64 MiB, and its device is used only while the bank exists.
        public override Span<byte> GetSpan() => new(storage.Host, checked((int)storage.Size));

        // SAFETY: as above.
        public override MemoryHandle Pin(int elementIndex = 0) => new(storage.Host + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
