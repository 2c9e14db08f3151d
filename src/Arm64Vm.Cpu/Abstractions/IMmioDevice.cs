namespace Arm64Vm.Cpu;

/// <summary>A device that answers loads and stores of the guest at physical addresses.</summary>
/// <remarks>Calls come from the thread that runs the vCPU, one at a time per device.</remarks>
internal interface IMmioDevice
{
    /// <summary>Reads <paramref name="size"/> bytes (1, 2, 4 or 8) at <paramref name="offset"/> from the device's base.</summary>
    /// <returns>False raises a synchronous external abort in the guest; the machine logs it.</returns>
    bool TryRead(ulong offset, int size, out ulong value);

    /// <summary>Writes the low <paramref name="size"/> bytes of <paramref name="value"/>.</summary>
    /// <returns>False raises a synchronous external abort in the guest; the machine logs it.</returns>
    bool TryWrite(ulong offset, int size, ulong value);
}
