namespace Arm64Vm.Devices.Pci;

/// <summary>Where message-signalled interrupts go: writes of functions to addresses that are doorbells.</summary>
internal interface IMsiTarget
{
    /// <summary>A function writes a message. Safe from any thread.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="data">What.</param>
    /// <param name="requester">Bus, device and function of the writer, as the doorbell sees them.</param>
    /// <returns>False: this is no doorbell of this target.</returns>
    bool TrySend(ulong address, uint data, ushort requester);
}
