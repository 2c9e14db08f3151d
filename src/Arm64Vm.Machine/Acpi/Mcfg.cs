using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>PCI Express memory-mapped configuration space (PCI Firmware specification 3.3, 4.1.2).</summary>
internal static class Mcfg
{
    private const int LastBus = 255;

    public static byte[] Make(VirtBoard board) => AcpiTable.Make("MCFG", 1, new LittleEndianWriter()
        .QWord(0)
        .QWord(HighWindows.For(board.RamSize).Ecam.Base)
        .Word(0) // segment
        .Byte(0)
        .Byte(LastBus)
        .DWord(0));
}
