namespace Arm64Vm.Devices.Virtio;

/// <summary>Register map of the MMIO transport (virtio 1.2, 4.2.2) and bits of its registers.</summary>
internal static class VirtioMmioRegisters
{
    public const uint Magic = 0x000;
    public const uint Version = 0x004;
    public const uint DeviceId = 0x008;
    public const uint VendorId = 0x00C;
    public const uint DeviceFeatures = 0x010;
    public const uint DeviceFeaturesSelect = 0x014;
    public const uint DriverFeatures = 0x020;
    public const uint DriverFeaturesSelect = 0x024;
    public const uint QueueSelect = 0x030;
    public const uint QueueSizeMaximum = 0x034;
    public const uint QueueSize = 0x038;
    public const uint QueueReady = 0x044;
    public const uint QueueNotify = 0x050;
    public const uint InterruptStatus = 0x060;
    public const uint InterruptAcknowledge = 0x064;
    public const uint Status = 0x070;
    public const uint QueueDescriptorLow = 0x080;
    public const uint QueueDescriptorHigh = 0x084;
    public const uint QueueDriverLow = 0x090;
    public const uint QueueDriverHigh = 0x094;
    public const uint QueueDeviceLow = 0x0A0;
    public const uint QueueDeviceHigh = 0x0A4;
    public const uint SharedMemoryLengthLow = 0x0B0;
    public const uint SharedMemoryBaseHigh = 0x0BC;
    public const uint ConfigurationGeneration = 0x0FC;
    public const uint Configuration = 0x100;

    /// <summary>"virt" in little-endian order.</summary>
    public const uint MagicValue = 0x7472_6976;

    /// <summary>"QEMU" in little-endian order, which drivers expect on this board.</summary>
    public const uint VendorValue = 0x554D_4551;

    public const uint ModernVersion = 2;

    public const uint InterruptUsedBuffer = 1;
    public const uint InterruptConfiguration = 2;
}
