using System.Globalization;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;
using static Arm64Vm.Machine.Acpi.Aml.AmlCode;
using static Arm64Vm.Machine.Acpi.Aml.AmlData;
using static Arm64Vm.Machine.Acpi.Aml.AmlNames;
using static Arm64Vm.Machine.Acpi.Aml.AmlResources;

namespace Arm64Vm.Machine.Acpi;

/// <summary>The PCIe host bridge of the DSDT, with its interrupt links.</summary>
internal static class DsdtPcie
{
    private const int Slots = 32;
    private const int Pins = 4;
    private const int LastBus = 255;

    /// <summary>PCI Firmware specification 3.3, 4.5.1: asks who controls what.</summary>
    private const string HostBridgeInterface = "33db4d5b-1ff7-401c-9657-7441c03dd766";

    /// <summary>Native hot plug, SHPC, PME, AER and capability structure: the operating system may have them all.</summary>
    private const ulong GrantedControls = 0x1F;

    private const ulong UnrecognizedUuid = 1 << 2;
    private const ulong UnrecognizedRevision = 1 << 3;
    private const ulong CapabilitiesMasked = 1 << 4;

    public static IEnumerable<byte[]> Make(VirtBoard board)
    {
        for (var pin = 0; pin < Pins; pin++)
            yield return Link(pin);
        yield return HostBridge(HighWindows.For(board.RamSize));
    }

    /// <summary>An interrupt link with one possible setting, the SPI of a pin.</summary>
    private static byte[] Link(int pin)
    {
        var setting = Template(LevelInterrupt(BoardInterrupts.PcieFirstSpi + pin));
        return Device(
            LinkName(pin),
            Name("_HID", String("PNP0C0F")),
            Name("_UID", Integer((ulong)pin)),
            Name("_PRS", setting),
            Name("_CRS", setting),
            Method("_SRS", 1));
    }

    private static byte[] HostBridge(HighWindows high) => Device(
        "PCI0",
        Name("_HID", String("PNP0A08")),
        Name("_CID", String("PNP0A03")),
        Name("_SEG", Integer(0)),
        Name("_BBN", Integer(0)),
        Name("_UID", Integer(0)),
        Name("_STR", Unicode("PCIe 0 Device")),
        Name("_CCA", Integer(1)),
        Name("_PRT", RoutingTable()),
        Method("_CBA", 0, Return(Integer(high.Ecam.Base))),
        Name("_CRS", Template(
            Buses(LastBus),
            MemoryWindow32(MemoryMap.PcieMmio32),
            IoWindow(MemoryMap.PciePio),
            MemoryWindow64(high.PcieMmio64))),
        OperatingSystemCapabilities(),
        Device("RES0", Name("_HID", String("PNP0C02")), Name("_CRS", Template(MemoryWindow64(high.Ecam)))));

    /// <summary>Pins swizzled over the links, as in the device tree's interrupt map.</summary>
    private static byte[] RoutingTable()
    {
        var entries = new byte[Slots * Pins][];
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var pin = 0; pin < Pins; pin++)
            {
                const ulong AnyFunction = 0xFFFF;
                entries[slot * Pins + pin] = Package(
                    Integer(((ulong)slot << 16) | AnyFunction), Integer((ulong)pin), Path(LinkName((slot + pin) % Pins)), Integer(0));
            }
        }

        return Package(entries);
    }

    private static byte[] OperatingSystemCapabilities()
    {
        var (uuid, revision, buffer) = (Argument(0), Argument(1), Argument(3));
        var (status, control, granted) = (Path("CDW1"), Path("CDW3"), Local(0));
        return Method(
            "_OSC",
            4,
            CreateDWordField(buffer, 0, "CDW1"),
            If(
                Equal(uuid, Uuid(HostBridgeInterface)),
                CreateDWordField(buffer, 8, "CDW3"),
                Store(And(control, Integer(GrantedControls)), granted),
                If(NotEqual(revision, Integer(1)), OrInto(status, UnrecognizedRevision)),
                If(NotEqual(control, granted), OrInto(status, CapabilitiesMasked)),
                Store(granted, control)),
            Else(OrInto(status, UnrecognizedUuid)),
            Return(buffer));
    }

    private static string LinkName(int pin) => "L" + pin.ToString("000", CultureInfo.InvariantCulture);
}
