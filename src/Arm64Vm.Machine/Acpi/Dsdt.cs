using System.Globalization;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;
using static Arm64Vm.Machine.Acpi.Aml.AmlCode;
using static Arm64Vm.Machine.Acpi.Aml.AmlData;
using static Arm64Vm.Machine.Acpi.Aml.AmlNames;
using static Arm64Vm.Machine.Acpi.Aml.AmlResources;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Differentiated system description table (ACPI 6.5, 5.2.11.1): the board's devices under the names that QEMU's board gives them.</summary>
internal static class Dsdt
{
    private const int Revision = 2;

    private const ulong PresentAndFunctioningButHidden = 0x0B;
    private const ulong PowerButtonPressed = 0x80;

    public static byte[] Make(VirtBoard board)
    {
        List<byte[]> devices = [];
        for (var cpu = 0; cpu < board.CpuCount; cpu++)
            devices.Add(Processor(cpu));
        devices.Add(Uart(0, MemoryMap.Uart0, BoardInterrupts.Uart0Spi));
        if (board.HasUart1)
            devices.Add(Uart(1, MemoryMap.Uart1, BoardInterrupts.Uart1Spi));
        devices.Add(FwCfg());
        for (var i = 0; i < MemoryMap.VirtioMmioCount; i++)
            devices.Add(VirtioTransport(i));
        devices.AddRange(DsdtPcie.Make(board));
        if (board.Tpm is not null)
            devices.Add(Tpm());
        devices.Add(GenericEvents());
        devices.Add(Device("PWRB", Name("_HID", String("PNP0C0C")), Name("_UID", Integer(0))));
        return AcpiTable.Make("DSDT", Revision, Scope("\\_SB", [.. devices]));
    }

    /// <summary>The UID ties it to its structure in the MADT.</summary>
    private static byte[] Processor(int cpu) =>
        Device("C" + cpu.ToString("X3", CultureInfo.InvariantCulture), Name("_HID", String("ACPI0007")), Name("_UID", Integer((ulong)cpu)));

    private static byte[] Uart(int number, Region window, int spi) => Device(
        "COM" + number.ToString(CultureInfo.InvariantCulture),
        Name("_HID", String("ARMH0011")),
        Name("_UID", Integer((ulong)number)),
        Name("_CRS", Template(Registers(window), LevelInterrupt(spi))));

    private static byte[] FwCfg() => Device(
        "FWCF",
        Name("_HID", String("QEMU0002")),
        Name("_STA", Integer(PresentAndFunctioningButHidden)),
        Name("_CCA", Integer(1)),
        Name("_CRS", Template(Registers(MemoryMap.FwCfg))));

    private static byte[] VirtioTransport(int index) => Device(
        "VR" + index.ToString("00", CultureInfo.InvariantCulture),
        Name("_HID", String("LNRO0005")),
        Name("_UID", Integer((ulong)index)),
        Name("_CCA", Integer(1)),
        Name("_CRS", Template(Registers(MemoryMap.VirtioMmio(index)), LevelInterrupt(BoardInterrupts.VirtioFirstSpi + index))));

    /// <summary>What TPM2 says of how it is reached is said there.</summary>
    private static byte[] Tpm() => Device(
        "TPM0",
        Name("_HID", String("MSFT0101")),
        Name("_STR", String("TPM 2.0 Device")),
        Name("_UID", Integer(0)),
        Name("_CRS", Template(Registers(MemoryMap.Tpm))));

    /// <summary>The generic event device (ACPI 6.5, 5.6.9): its interrupt runs a method that reads, and so clears, what happened.</summary>
    private static byte[] GenericEvents()
    {
        const ulong PowerKey = Devices.Power.GenericEventDevice.PowerKeyEvent;
        return Device(
            "GED",
            Name("_HID", String("ACPI0013")),
            Name("_UID", String("GED")),
            Name("_CRS", Template(EdgeInterrupt(BoardInterrupts.GenericEventSpi))),
            Register32("EREG", "ESEL", MemoryMap.GenericEvents.Base),
            SerializedMethod(
                "_EVT",
                1,
                Store(Path("ESEL"), Local(0)),
                If(Equal(And(Local(0), Integer(PowerKey)), Integer(PowerKey)), Notify("PWRB", PowerButtonPressed))));
    }
}
