namespace Arm64Vm.Devices.Flash;

/// <summary>Keeps what a flash bank holds when the machine is gone.</summary>
internal interface IFlashStore
{
    /// <summary>Keeps bytes that the guest programs or erases. False: it cannot, and the guest's command fails.</summary>
    bool TryWrite(uint offset, ReadOnlySpan<byte> bytes);
}
