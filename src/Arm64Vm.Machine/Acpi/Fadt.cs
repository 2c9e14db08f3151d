using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Fixed ACPI description table (ACPI 6.5, 5.2.9): hardware-reduced, so that nearly all of it is zero; power states through PSCI.</summary>
internal static class Fadt
{
    /// <summary>Where the 8-byte pointer to the DSDT is, X_DSDT.</summary>
    public const int DsdtPointerOffset = 140;

    private const int Revision = 6;
    private const int MinorRevision = 3;
    private const int FlagsOffset = 112;
    private const int ArmBootFlagsOffset = 129;
    private const int HypervisorOffset = 268;

    private const uint HardwareReduced = 1 << 20;
    private const int PsciCompliant = 1 << 0;
    private const int PsciUsesHvc = 1 << 1;

    /// <param name="board">The board.</param>
    /// <param name="dsdt">Offset of the DSDT in the tables.</param>
    public static byte[] Make(VirtBoard board, int dsdt)
    {
        var body = new LittleEndianWriter();
        ZerosUpTo(body, FlagsOffset).DWord(HardwareReduced);
        ZerosUpTo(body, ArmBootFlagsOffset).Word(PsciFlags(board.Psci)).Byte(MinorRevision);
        ZerosUpTo(body, DsdtPointerOffset).QWord((uint)dsdt);
        ZerosUpTo(body, HypervisorOffset).Text("ARM64VM", 8);
        return AcpiTable.Make("FACP", Revision, body);
    }

    private static int PsciFlags(PsciConduit conduit) => conduit switch
    {
        PsciConduit.Hvc => PsciCompliant | PsciUsesHvc,
        PsciConduit.Smc => PsciCompliant,
        _ => 0,
    };

    private static LittleEndianWriter ZerosUpTo(LittleEndianWriter body, int offset) =>
        body.Zeros(offset - AcpiTable.HeaderLength - body.Length);
}
