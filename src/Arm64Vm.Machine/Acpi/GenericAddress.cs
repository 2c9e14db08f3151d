using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Generic Address Structure (ACPI 6.5, 5.2.3.2): twelve bytes that name a register.</summary>
internal static class GenericAddress
{
    private const int SystemMemory = 0;
    private const int DWordAccess = 3;

    /// <summary>A 32-bit register in memory.</summary>
    public static LittleEndianWriter MemoryRegister32(this LittleEndianWriter writer, ulong address) =>
        writer.Byte(SystemMemory).Byte(32).Byte(0).Byte(DWordAccess).QWord(address);
}
