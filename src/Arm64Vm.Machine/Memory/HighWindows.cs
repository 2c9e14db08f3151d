namespace Arm64Vm.Machine.Memory;

/// <summary>The windows above RAM. They start at 256 GiB, or above RAM when that reaches further, each aligned to its size.</summary>
/// <param name="Redistributors2">Redistributors of the processors beyond the 123rd.</param>
/// <param name="Ecam">Configuration space of 256 buses.</param>
/// <param name="PcieMmio64">64-bit MMIO of PCIe.</param>
internal sealed record HighWindows(Region Redistributors2, Region Ecam, Region PcieMmio64)
{
    private const ulong GiB = 1ul << 30;
    private const ulong Floor = 256 * GiB;

    /// <summary>Places the windows for a machine with this much RAM.</summary>
    public static HighWindows For(ulong ramSize)
    {
        var next = Math.Max(Floor, AlignUp(MemoryMap.RamBase + ramSize, GiB));
        var redistributors = Take(ref next, 64ul << 20);
        var ecam = Take(ref next, 256ul << 20);
        var mmio = Take(ref next, 512 * GiB);
        return new HighWindows(redistributors, ecam, mmio);
    }

    private static Region Take(ref ulong next, ulong size)
    {
        var region = new Region(AlignUp(next, size), size);
        next = region.End;
        return region;
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}
