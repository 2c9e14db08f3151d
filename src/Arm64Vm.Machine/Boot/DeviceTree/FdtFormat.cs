namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>The flattened format (Devicetree Specification 0.4, chapter 5). All numbers are big-endian.</summary>
internal static class FdtFormat
{
    public const uint Magic = 0xD00D_FEED;
    public const uint Version = 17;
    public const uint OldestCompatible = 16;
    public const int HeaderSize = 40;
    public const int ReservationSize = 16;

    public const uint BeginNode = 1;
    public const uint EndNode = 2;
    public const uint Property = 3;
    public const uint Nop = 4;
    public const uint End = 9;

    // Offsets of header fields.
    public const int TotalSize = 4;
    public const int StructOffset = 8;
    public const int StringsOffset = 12;
    public const int ReservationsOffset = 16;
    public const int VersionField = 20;
    public const int CompatibleField = 24;
    public const int BootCpuField = 28;
    public const int StringsSize = 32;
    public const int StructSize = 36;
}
