using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Processor properties topology table (ACPI 6.5, 5.2.30): one socket with one cluster of cores, as in the device tree.</summary>
internal static class Pptt
{
    private const int Revision = 2;
    private const int HierarchyNode = 0;
    private const int NodeLength = 20;

    private const uint PhysicalPackage = 1 << 0;
    private const uint ProcessorIdValid = 1 << 1;
    private const uint Leaf = 1 << 3;
    private const uint IdenticalImplementation = 1 << 4;

    public static byte[] Make(VirtBoard board)
    {
        var body = new LittleEndianWriter();
        var socket = AddNode(PhysicalPackage | IdenticalImplementation, parent: 0, processor: 0);
        var cluster = AddNode(IdenticalImplementation, socket, processor: 0);
        for (uint cpu = 0; cpu < board.CpuCount; cpu++)
            AddNode(ProcessorIdValid | Leaf, cluster, cpu);
        return AcpiTable.Make("PPTT", Revision, body);

        // Nodes are named by their offsets in the table.
        uint AddNode(uint flags, uint parent, uint processor)
        {
            var offset = (uint)(AcpiTable.HeaderLength + body.Length);
            body.Byte(HierarchyNode).Byte(NodeLength).Word(0).DWord(flags).DWord(parent).DWord(processor).DWord(0);
            return offset;
        }
    }
}
