using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Makes pages of a mapping present before they are touched, many with one system call. Hosts that cannot (Linux before 5.14) are left to their page faults.</summary>
// SAFETY: the kernel checks what is passed to it; contents do not change.
internal static unsafe class MappingPopulation
{
    /// <summary>Pages that will be written to.</summary>
    public static void ForWriting(byte* address, long size) => _ = Madvise(address, (nuint)size, AdvisePopulateWrite);

    /// <summary>Pages that will be read, or executed.</summary>
    public static void ForReading(byte* address, long size) => _ = Madvise(address, (nuint)size, AdvisePopulateRead);
}
