namespace Arm64Vm.Cpu.Memory;

/// <summary>Host memory at a range of guest-physical addresses.</summary>
// SAFETY: Host points to Size bytes that outlive the region; callers check offsets against Size.
internal sealed unsafe class MemoryRegion
{
    internal MemoryRegion(ulong physicalBase, byte* host, ulong size, bool writable)
    {
        PhysicalBase = physicalBase;
        Host = host;
        Size = size;
        IsWritable = writable;
        IsMapped = true;
    }

    public ulong PhysicalBase { get; }

    public ulong Size { get; }

    /// <summary>False: stores of the guest go to the bus.</summary>
    public bool IsWritable { get; }

    /// <summary>False: loads go to the bus too (a flash chip that is not in read-array mode). Changed through <see cref="PhysicalMemory.SetMapped"/>.</summary>
    public bool IsMapped { get; internal set; }

    internal byte* Host { get; }
}
