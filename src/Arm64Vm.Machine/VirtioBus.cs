namespace Arm64Vm.Machine;

/// <summary>How a virtio device is reached.</summary>
public enum VirtioBus
{
    /// <summary>Registers at fixed addresses, described by the device tree or by ACPI; the board has 32 such places.</summary>
    Mmio,

    /// <summary>An endpoint on the PCIe bus, which guests find by themselves; there are 31.</summary>
    Pci,
}
