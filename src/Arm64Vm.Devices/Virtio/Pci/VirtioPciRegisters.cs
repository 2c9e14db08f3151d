namespace Arm64Vm.Devices.Virtio.Pci;

/// <summary>Layout of the PCI transport's registers (virtio 1.2, 4.1.4).</summary>
internal static class VirtioPciRegisters
{
    public const ushort Vendor = 0x1AF4;
    public const ushort FirstDevice = 0x1040;
    public const ushort Subsystem = 0x1100;

    // Regions of the base address register, as on QEMU's board.
    public const int RegisterBar = 4;
    public const int MsiXBar = 1;
    public const uint BarSize = 0x4000;
    public const uint CommonRegion = 0x0000;
    public const uint StatusRegion = 0x1000;
    public const uint DeviceRegion = 0x2000;
    public const uint NotifyRegion = 0x3000;
    public const uint RegionSize = 0x1000;
    public const uint NotifyMultiplier = 4;

    // Capability types (4.1.4).
    public const byte CommonType = 1;
    public const byte NotifyType = 2;
    public const byte StatusType = 3;
    public const byte DeviceType = 4;
    public const byte AccessType = 5;

    // struct virtio_pci_common_cfg (4.1.4.3).
    public const uint DeviceFeatureSelect = 0x00;
    public const uint DeviceFeature = 0x04;
    public const uint DriverFeatureSelect = 0x08;
    public const uint DriverFeature = 0x0C;
    public const uint ConfigurationVector = 0x10;
    public const uint QueueCount = 0x12;
    public const uint DeviceStatus = 0x14;
    public const uint ConfigurationGeneration = 0x15;
    public const uint QueueSelect = 0x16;
    public const uint QueueSize = 0x18;
    public const uint QueueVector = 0x1A;
    public const uint QueueEnable = 0x1C;
    public const uint QueueNotifyOffset = 0x1E;
    public const uint QueueDescriptor = 0x20;
    public const uint QueueDriver = 0x28;
    public const uint QueueDevice = 0x30;
    public const int CommonSize = 0x38;

    public const ushort NoVector = 0xFFFF;
}
