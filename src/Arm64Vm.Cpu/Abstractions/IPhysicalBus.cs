namespace Arm64Vm.Cpu;

/// <summary>Everything at guest-physical addresses that is not host memory: the machine routes each access to a device.</summary>
/// <remarks>
/// Called from the threads that run vCPUs. An access never crosses a naturally aligned 8-byte boundary; its size is 1, 2, 4 or 8.
/// Implementations log what nothing answers to or what a device refused (<see cref="LogCategories.Mmio"/>).
/// </remarks>
internal interface IPhysicalBus
{
    /// <summary>Reads; false raises a synchronous external abort in the guest.</summary>
    bool TryRead(ulong physicalAddress, int size, out ulong value);

    /// <summary>Writes the low <paramref name="size"/> bytes; false raises a synchronous external abort in the guest.</summary>
    bool TryWrite(ulong physicalAddress, int size, ulong value);
}
