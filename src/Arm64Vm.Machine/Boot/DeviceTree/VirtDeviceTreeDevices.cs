using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>The nodes of the board's devices.</summary>
internal sealed partial class VirtDeviceTree
{
    private void AddPlatformBus()
    {
        var bus = MemoryMap.PlatformBus;
        var node = Add($"platform-bus@{bus.Base:x}")
            .SetCells("interrupt-parent", _gic)
            .SetCells("ranges", 0, 0, (uint)bus.Base, (uint)bus.Size)
            .SetCells("#address-cells", 1)
            .SetCells("#size-cells", 1)
            .SetStrings("compatible", "qemu,platform", "simple-bus");
        if (_board.Tpm is null)
            return;

        // EDK2 looks for this name, and by the registers which interface it is.
        var tpm = MemoryMap.Tpm;
        node.AddChild($"tpm_tis@{tpm.Base - bus.Base:x}")
            .SetCells("reg", (uint)(tpm.Base - bus.Base), (uint)tpm.Size)
            .SetStrings("compatible", "tcg,tpm-tis-mmio");
    }

    private void AddFwCfg()
    {
        var fwCfg = MemoryMap.FwCfg;
        Add($"fw-cfg@{fwCfg.Base:x}")
            .SetFlag("dma-coherent")
            .SetNumbers("reg", fwCfg.Base, fwCfg.Size)
            .SetStrings("compatible", "qemu,fw-cfg-mmio");
    }

    private void AddVirtio()
    {
        for (var i = 0; i < MemoryMap.VirtioMmioCount; i++)
        {
            var window = MemoryMap.VirtioMmio(i);
            Add($"virtio_mmio@{window.Base:x}")
                .SetFlag("dma-coherent")
                .SetCells("interrupts", Spi, (uint)(BoardInterrupts.VirtioFirstSpi + i), RisingEdge)
                .SetNumbers("reg", window.Base, window.Size)
                .SetStrings("compatible", "virtio,mmio");
        }
    }

    private void AddGpio()
    {
        const uint KeyPower = 116; // the Linux input code that guests translate
        Add("gpio-keys").SetStrings("compatible", "gpio-keys").AddChild("poweroff")
            .SetCells("gpios", _gpio, Devices.Gpio.PowerKey.VirtPin, 0)
            .SetCells("linux,code", KeyPower)
            .SetStrings("label", "GPIO Key Poweroff");
        AddPrimeCell("pl061", MemoryMap.Gpio, BoardInterrupts.GpioSpi)
            .SetCells("phandle", _gpio)
            .SetFlag("gpio-controller")
            .SetCells("#gpio-cells", 2);
    }

    private void AddRtc() => AddPrimeCell("pl031", MemoryMap.Rtc, BoardInterrupts.RtcSpi);

    private void AddWatchdog()
    {
        if (!_board.HasWatchdog)
            return;
        var (control, refresh) = (MemoryMap.WatchdogControl, MemoryMap.WatchdogRefresh);
        Add($"watchdog@{control.Base:x}")
            .SetCells("interrupts", Spi, BoardInterrupts.WatchdogSpi, LevelHigh)
            .SetNumbers("reg", control.Base, control.Size, refresh.Base, refresh.Size)
            .SetStrings("compatible", "arm,sbsa-gwdt");
    }

    private void AddUarts()
    {
        AddUart(MemoryMap.Uart0, BoardInterrupts.Uart0Spi);
        if (_board.HasUart1)
            AddUart(MemoryMap.Uart1, BoardInterrupts.Uart1Spi);
    }

    private void AddUart(Region window, int spi)
    {
        AddPrimeCell("pl011", window, spi)
            .SetStrings("clock-names", "uartclk", "apb_pclk")
            .SetCells("clocks", _clock, _clock);
    }

    private DeviceTreeNode AddPrimeCell(string part, Region window, int spi)
    {
        return Add($"{part}@{window.Base:x}")
            .SetStrings("clock-names", "apb_pclk")
            .SetCells("clocks", _clock)
            .SetCells("interrupts", Spi, (uint)spi, LevelHigh)
            .SetNumbers("reg", window.Base, window.Size)
            .SetStrings("compatible", "arm," + part, "arm,primecell");
    }

    private void AddFlash()
    {
        var (first, second) = (MemoryMap.Flash0, MemoryMap.Flash1);
        Add($"flash@{first.Base:x}")
            .SetCells("bank-width", 4)
            .SetNumbers("reg", first.Base, first.Size, second.Base, second.Size)
            .SetStrings("compatible", "cfi-flash");
    }

    private void AddGic()
    {
        var distributor = MemoryMap.GicDistributor;
        var gic = Add($"intc@{distributor.Base:x}").SetCells("phandle", _gic);
        if (_board.Gic == GicVersion.V3)
            AddGicV3Registers(gic, distributor);
        else
            AddGicV2Registers(gic, distributor);
        gic.SetFlag("ranges")
            .SetCells("#size-cells", 2)
            .SetCells("#address-cells", 2)
            .SetFlag("interrupt-controller")
            .SetCells("#interrupt-cells", 3);
        if (_board.HasEl2)
            gic.SetCells("interrupts", Ppi, BoardInterrupts.GicMaintenancePpi, LevelHigh);
        if (_board.HasIts)
        {
            gic.AddChild($"its@{MemoryMap.GicIts.Base:x}")
                .SetCells("phandle", _msi)
                .SetNumbers("reg", MemoryMap.GicIts.Base, MemoryMap.GicIts.Size)
                .SetCells("#msi-cells", 1)
                .SetFlag("msi-controller")
                .SetStrings("compatible", "arm,gic-v3-its");
        }
        else if (_board.HasV2m)
        {
            gic.AddChild($"v2m@{MemoryMap.GicV2m.Base:x}")
                .SetCells("phandle", _msi)
                .SetNumbers("reg", MemoryMap.GicV2m.Base, MemoryMap.GicV2m.Size)
                .SetFlag("msi-controller")
                .SetStrings("compatible", "arm,gic-v2m-frame");
        }
    }

    private void AddGicV3Registers(DeviceTreeNode gic, Region distributor)
    {
        var low = MemoryMap.GicRedistributors;
        if (_board.CpuCount <= MemoryMap.LowRedistributorCount)
        {
            gic.SetNumbers("reg", distributor.Base, distributor.Size, low.Base, low.Size)
                .SetCells("#redistributor-regions", 1);
        }
        else
        {
            var high = _high.Redistributors2;
            gic.SetNumbers("reg", distributor.Base, distributor.Size, low.Base, low.Size, high.Base, high.Size)
                .SetCells("#redistributor-regions", 2);
        }

        gic.SetStrings("compatible", "arm,gic-v3");
    }

    private void AddGicV2Registers(DeviceTreeNode gic, Region distributor)
    {
        var cpu = MemoryMap.GicCpuInterface;
        if (_board.HasEl2)
        {
            var (hypervisor, virtualCpu) = (MemoryMap.GicHypervisor, MemoryMap.GicVirtualCpu);
            gic.SetNumbers(
                "reg",
                distributor.Base, distributor.Size, cpu.Base, cpu.Size,
                hypervisor.Base, hypervisor.Size, virtualCpu.Base, virtualCpu.Size);
        }
        else
        {
            gic.SetNumbers("reg", distributor.Base, distributor.Size, cpu.Base, cpu.Size);
        }

        gic.SetStrings("compatible", "arm,cortex-a15-gic");
    }

    private void AddPcie()
    {
        var (mmio, pio, ecam, mmio64) = (MemoryMap.PcieMmio32, MemoryMap.PciePio, _high.Ecam, _high.PcieMmio64);
        var pcie = Add($"pcie@{mmio.Base:x}")
            .SetCells("interrupt-map-mask", 0x1800, 0, 0, 7)
            .SetCells("interrupt-map", InterruptMap())
            .SetCells("#interrupt-cells", 1)
            .SetCells("ranges", PcieRanges(pio, mmio, mmio64))
            .SetNumbers("reg", ecam.Base, ecam.Size)
            .SetFlag("dma-coherent")
            .SetCells("bus-range", 0, 0xFF)
            .SetCells("linux,pci-domain", 0)
            .SetCells("#size-cells", 2)
            .SetCells("#address-cells", 3)
            .SetStrings("device_type", "pci")
            .SetStrings("compatible", "pci-host-ecam-generic");
        if (_board.HasIts || _board.HasV2m)
            pcie.SetCells("msi-map", 0, _msi, 0, 0x1_0000);
    }

    /// <summary>Windows as child address with type (PCI bus binding 2.2.1.1), parent address, size.</summary>
    private static uint[] PcieRanges(Region pio, Region mmio, Region mmio64)
    {
        const uint Io = 0x0100_0000;
        const uint Memory32 = 0x0200_0000;
        const uint Memory64 = 0x0300_0000;
        return
        [
            Io, 0, 0, High(pio.Base), Low(pio.Base), High(pio.Size), Low(pio.Size),
            Memory32, High(mmio.Base), Low(mmio.Base), High(mmio.Base), Low(mmio.Base), High(mmio.Size), Low(mmio.Size),
            Memory64, High(mmio64.Base), Low(mmio64.Base), High(mmio64.Base), Low(mmio64.Base), High(mmio64.Size), Low(mmio64.Size),
        ];
    }

    private static uint High(ulong value) => (uint)(value >> 32);

    private static uint Low(ulong value) => (uint)value;

    /// <summary>Pins INTA to INTD of slots 0 to 3, swizzled over four SPIs; the mask folds the other slots onto these.</summary>
    private uint[] InterruptMap()
    {
        const int Entry = 10;
        var map = new uint[16 * Entry];
        for (uint slot = 0; slot < 4; slot++)
        {
            for (uint pin = 0; pin < 4; pin++)
            {
                var entry = map.AsSpan((int)(slot * 4 + pin) * Entry, Entry);
                entry[0] = slot << 11;
                entry[3] = pin + 1;
                entry[4] = _gic;
                entry[7] = Spi;
                entry[8] = BoardInterrupts.PcieFirstSpi + ((slot + pin) & 3);
                entry[9] = LevelHigh;
            }
        }

        return map;
    }
}
