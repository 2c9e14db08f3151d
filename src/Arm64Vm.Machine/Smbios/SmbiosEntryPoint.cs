using Arm64Vm.Machine.Boot;

namespace Arm64Vm.Machine.Smbios;

/// <summary>The 64-bit entry point of SMBIOS 3.0 (DSP0134 3.0, 5.2.2).</summary>
internal static class SmbiosEntryPoint
{
    public const int Length = 24;
    private const int ChecksumOffset = 5;
    private const int MajorVersion = 3;
    private const int MinorVersion = 0;
    private const int Revision = 1;

    /// <param name="tableLength">Bytes of the structures.</param>
    public static byte[] Make(int tableLength)
    {
        var bytes = new LittleEndianWriter()
            .Text("_SM3_")
            .Byte(0)
            .Byte(Length)
            .Byte(MajorVersion).Byte(MinorVersion).Byte(0)
            .Byte(Revision)
            .Byte(0)
            .DWord((uint)tableLength)
            .QWord(0)
            .ToArray();
        byte sum = 0;
        foreach (var value in bytes)
            sum += value;
        bytes[ChecksumOffset] = (byte)-sum;
        return bytes;
    }
}
