using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Acpi;

/// <summary>The header that all ACPI tables begin with (ACPI 6.5, 5.2.6).</summary>
internal static class AcpiTable
{
    public const int HeaderLength = 36;

    /// <summary>The byte that makes the sum of the table zero. It stays zero here: firmware fills it in once addresses are known.</summary>
    public const int ChecksumOffset = 9;

    public const string OemId = "A64VM";
    private const string OemTableId = "ARM64VM";
    private const string CreatorId = "A64V";
    private const byte Space = 0x20;

    /// <summary>Puts a header before a body.</summary>
    /// <param name="signature">Four characters.</param>
    /// <param name="revision">Of the table's layout.</param>
    /// <param name="body">What follows the header.</param>
    public static byte[] Make(string signature, int revision, ReadOnlySpan<byte> body) => new LittleEndianWriter()
        .Text(signature, 4)
        .DWord((uint)(HeaderLength + body.Length))
        .Byte(revision)
        .Byte(0)
        .Text(OemId, 6, Space)
        .Text(OemTableId, 8, Space)
        .DWord(1)
        .Text(CreatorId, 4)
        .DWord(1)
        .Bytes(body)
        .ToArray();

    /// <inheritdoc cref="Make(string, int, ReadOnlySpan{byte})"/>
    public static byte[] Make(string signature, int revision, LittleEndianWriter body) => Make(signature, revision, body.ToArray());
}
