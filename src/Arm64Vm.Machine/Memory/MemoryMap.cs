namespace Arm64Vm.Machine.Memory;

/// <summary>Where the <c>virt</c> board has what; stock firmware and kernels are built for these addresses.</summary>
internal static class MemoryMap
{
    /// <summary>Transports on the board.</summary>
    public const int VirtioMmioCount = 32;

    /// <summary>Distance between transports.</summary>
    public const ulong VirtioMmioStride = 0x200;

    /// <summary>One redistributor's frames, GICv3.</summary>
    public const ulong RedistributorStride = 0x2_0000;

    /// <summary>Most processors whose redistributors fit into <see cref="GicRedistributors"/>.</summary>
    public const int LowRedistributorCount = 123;

    /// <summary>Bytes of each of the two banks.</summary>
    public const ulong FlashBankSize = 64 << 20;

    public static Region Flash0 => new(0x0000_0000, FlashBankSize);

    public static Region Flash1 => new(0x0400_0000, FlashBankSize);

    public static Region GicDistributor => new(0x0800_0000, 0x1_0000);

    public static Region GicCpuInterface => new(0x0801_0000, 0x1_0000);

    public static Region GicV2m => new(0x0802_0000, 0x1000);

    public static Region GicHypervisor => new(0x0803_0000, 0x1_0000);

    public static Region GicVirtualCpu => new(0x0804_0000, 0x1_0000);

    public static Region GicIts => new(0x0808_0000, 0x2_0000);

    public static Region GicRedistributors => new(0x080A_0000, 0x00F6_0000);

    public static Region Uart0 => new(0x0900_0000, 0x1000);

    public static Region Rtc => new(0x0901_0000, 0x1000);

    public static Region FwCfg => new(0x0902_0000, 0x18);

    public static Region Gpio => new(0x0903_0000, 0x1000);

    public static Region Uart1 => new(0x0904_0000, 0x1000);

    public static Region Smmu => new(0x0905_0000, 0x2_0000);

    /// <summary>Where ACPI guests read what the generic event device has to say.</summary>
    public static Region GenericEvents => new(0x0908_0000, 4);

    /// <summary>Refresh frame of the watchdog; QEMU's board has none, and nothing else here.</summary>
    public static Region WatchdogRefresh => new(0x0910_0000, 0x1000);

    /// <summary>Control frame of the watchdog.</summary>
    public static Region WatchdogControl => new(0x0911_0000, 0x1000);

    /// <summary>All virtio transports; see <see cref="VirtioMmio(int)"/> for one.</summary>
    public static Region VirtioMmioAll => new(0x0A00_0000, VirtioMmioCount * VirtioMmioStride);

    public static Region PlatformBus => new(0x0C00_0000, 0x0200_0000);

    /// <summary>Registers of a trusted platform module, at the beginning of the platform bus.</summary>
    public static Region Tpm => new(PlatformBus.Base, Devices.Tpm.TpmTis.Length);

    public static Region SecureRam => new(0x0E00_0000, 0x0100_0000);

    public static Region PcieMmio32 => new(0x1000_0000, 0x2EFF_0000);

    public static Region PciePio => new(0x3EFF_0000, 0x1_0000);

    public static Region PcieLowEcam => new(0x3F00_0000, 0x0100_0000);

    /// <summary>Where RAM starts.</summary>
    public const ulong RamBase = 0x4000_0000;

    /// <summary>The register window of one virtio transport, 0..31.</summary>
    public static Region VirtioMmio(int index) =>
        new(VirtioMmioAll.Base + (ulong)index * VirtioMmioStride, VirtioMmioStride);

    /// <summary>RAM of a size in bytes.</summary>
    public static Region Ram(ulong size) => new(RamBase, size);
}
