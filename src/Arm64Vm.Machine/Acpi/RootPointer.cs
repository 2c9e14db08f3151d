using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi;

/// <summary>The root system description pointer, revision 2 (ACPI 6.5, 5.2.5.3).</summary>
internal static class RootPointer
{
    public const int Length = 36;

    /// <summary>Sums the first 20 bytes, which is all there was in revision 0.</summary>
    public const int ChecksumOffset = 8;

    /// <inheritdoc cref="ChecksumOffset"/>
    public const int ChecksumLength = 20;

    public const int ExtendedChecksumOffset = 32;

    /// <summary>Where the 8-byte pointer to the XSDT is.</summary>
    public const int XsdtOffset = 24;

    /// <param name="xsdt">Offset of the XSDT in the tables.</param>
    public static byte[] Make(int xsdt) => new LittleEndianWriter()
        .Text("RSD PTR ")
        .Byte(0)
        .Text(AcpiTable.OemId, 6, 0x20)
        .Byte(2)
        .DWord(0) // no RSDT: its pointers have 32 bits
        .DWord(Length)
        .QWord((uint)xsdt)
        .Byte(0)
        .Zeros(3)
        .ToArray();
}
