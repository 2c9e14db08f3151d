using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Debug port table 2, revision 0: one port, the PL011 that is also the console.</summary>
internal static class Dbg2
{
    private const int SerialPort = 0x8000;
    private const int Pl011 = 3;
    private const string Device = "COM0"; // in the DSDT

    // Offsets in the device information structure.
    private const int AddressOffset = 22;
    private const int AddressSizeOffset = AddressOffset + 12;
    private const int NameOffset = AddressSizeOffset + 4;

    public static byte[] Make()
    {
        var nameLength = Device.Length + 1;
        return AcpiTable.Make("DBG2", 0, new LittleEndianWriter()
            .DWord(AcpiTable.HeaderLength + 8).DWord(1) // offset and number of structures
            .Byte(0).Word(NameOffset + nameLength)
            .Byte(1) // registers
            .Word(nameLength).Word(NameOffset)
            .Word(0).Word(0) // no OEM data
            .Word(SerialPort).Word(Pl011).Word(0)
            .Word(AddressOffset).Word(AddressSizeOffset)
            .MemoryRegister32(MemoryMap.Uart0.Base)
            .DWord(MemoryMap.Uart0.Size)
            .Text(Device, nameLength));
    }
}
