namespace Arm64Vm.Devices.Pci;

/// <summary>One function on a bus: its 4 KiB of configuration space.</summary>
internal interface IPciFunction
{
    /// <summary>Reads 1, 2 or 4 bytes at an aligned offset below 4096.</summary>
    uint ReadConfiguration(uint offset, int size);

    /// <summary>Writes 1, 2 or 4 bytes at an aligned offset below 4096.</summary>
    void WriteConfiguration(uint offset, int size, uint value);
}
