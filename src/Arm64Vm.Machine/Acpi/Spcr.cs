using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Serial port console redirection table, revision 2: the console is the PL011.</summary>
internal static class Spcr
{
    private const int Pl011 = 3;
    private const int InterruptIsGic = 1 << 3;
    private const int Baud9600 = 3;
    private const int OneStopBit = 1;
    private const int RtsCts = 1 << 1;
    private const int NotPci = 0xFFFF;

    public static byte[] Make() => AcpiTable.Make("SPCR", 2, new LittleEndianWriter()
        .Byte(Pl011).Zeros(3)
        .MemoryRegister32(MemoryMap.Uart0.Base)
        .Byte(InterruptIsGic).Byte(0).DWord(BoardInterrupts.FirstSpi + BoardInterrupts.Uart0Spi)
        .Byte(Baud9600).Byte(0).Byte(OneStopBit).Byte(RtsCts)
        .Byte(0) // VT100
        .Byte(0)
        .Word(NotPci).Word(NotPci)
        .Zeros(3).DWord(0).Byte(0) // PCI bus, device, function; flags; segment
        .DWord(0));
}
