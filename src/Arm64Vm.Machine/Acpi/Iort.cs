using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Acpi;

/// <summary>I/O remapping table (DEN 0049, revision E.b): the PCIe root complex is coherent, and where its MSIs go.</summary>
internal static class Iort
{
    private const int Revision = 5;
    private const int FirstNode = 48;

    private const int ItsGroup = 0;
    private const int ItsGroupLength = 24;
    private const int RootComplex = 2;
    private const int RootComplexLength = 36;
    private const int RootComplexRevision = 3;
    private const int MappingLength = 20;
    private const uint AllRequesterIds = 0xFFFF;

    /// <summary>Accesses are coherent, and as cacheable as the processors' own.</summary>
    private const uint CacheCoherent = 1;

    private const int CoherentPathAndDeviceAttributes = 3;
    private const int AddressBits = 64;

    public static byte[] Make(VirtBoard board)
    {
        var body = new LittleEndianWriter().DWord(board.HasIts ? 2u : 1u).DWord(FirstNode).DWord(0);
        if (board.HasIts)
        {
            body.Byte(ItsGroup).Word(ItsGroupLength).Byte(1).DWord(0).DWord(0).DWord(0)
                .DWord(1).DWord(0); // one ITS, number 0
        }

        var mappings = board.HasIts ? 1 : 0;
        body.Byte(RootComplex).Word(RootComplexLength + mappings * MappingLength).Byte(RootComplexRevision).DWord(board.HasIts ? 1u : 0u)
            .DWord((uint)mappings).DWord(RootComplexLength)
            .DWord(CacheCoherent).Byte(0).Word(0).Byte(CoherentPathAndDeviceAttributes)
            .DWord(0) // no ATS
            .DWord(0) // segment
            .Byte(AddressBits).Zeros(3);
        if (board.HasIts)
            body.DWord(0).DWord(AllRequesterIds).DWord(0).DWord(FirstNode).DWord(0);
        return AcpiTable.Make("IORT", Revision, body);
    }
}
