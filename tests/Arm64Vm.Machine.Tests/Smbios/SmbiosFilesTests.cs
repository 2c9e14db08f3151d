using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Smbios;

namespace Arm64Vm.Machine.Tests.Smbios;

public class SmbiosFilesTests
{
    private static readonly SmbiosMachine s_machine = new()
    {
        MemoryBytes = 40UL << 30,
        CpuCount = 3,
        CpuName = "max",
        Midr = 0x000F_0510,
        Version = "1.2.3",
    };

    [Fact]
    public void TheAnchorAddsUpToZeroAndKnowsTheTables()
    {
        var files = SmbiosFiles.Create(s_machine);
        Assert.Equal(24, files.Anchor.Length);
        Assert.Equal("_SM3_", Encoding.ASCII.GetString(files.Anchor, 0, 5));
        Assert.Equal(0, files.Anchor.Sum(value => value) & 0xFF);
        Assert.Equal(files.Tables.Length, BinaryPrimitives.ReadInt32LittleEndian(files.Anchor.AsSpan(12)));
        Assert.Equal(0ul, BinaryPrimitives.ReadUInt64LittleEndian(files.Anchor.AsSpan(16)));
    }

    [Fact]
    public void StructuresFollowEachOtherUpToTheEnd()
    {
        var structures = Parse(SmbiosFiles.Create(s_machine).Tables);
        // The lengths are those of version 3.0.
        Assert.Equal(
            [(0, 0x18), (1, 0x1B), (3, 0x16), (4, 0x30), (16, 0x17), (17, 0x28), (17, 0x28), (17, 0x28), (19, 0x1F), (32, 0x0B), (127, 4)],
            structures.Select(s => ((int)s.Bytes[0], (int)s.Bytes[1])));
        Assert.Equal(structures.Count, structures.Select(s => BinaryPrimitives.ReadUInt16LittleEndian(s.Bytes.AsSpan(2))).Distinct().Count());
    }

    [Fact]
    public void SystemAndProcessorSayWhatTheyAre()
    {
        var structures = Parse(SmbiosFiles.Create(s_machine with { Uuid = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff") }).Tables);
        var (system, strings) = structures[1];
        Assert.Equal(["Arm64Vm", "virt", "1.2.3", "Virtual Machine"], strings);
        Assert.Equal([0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF], system[8..24]);
        var (processor, names) = structures[3];
        Assert.Equal(0x000F_0510u, BinaryPrimitives.ReadUInt32LittleEndian(processor.AsSpan(8)));
        Assert.Equal("max", names[processor[16] - 1]);
        Assert.Equal([3, 3, 3], processor[35..38]);
        Assert.Equal(0x101, BinaryPrimitives.ReadUInt16LittleEndian(processor.AsSpan(40)));
    }

    [Theory]
    [InlineData(1UL << 30, new[] { 0x400 })]
    [InlineData(40UL << 30, new[] { 0x4000, 0x4000, 0x2000 })]
    [InlineData(64UL << 10, new[] { 0x8040 })] // KiB
    public void ModulesAddUpToTheMemory(ulong bytes, int[] sizes)
    {
        var structures = Parse(SmbiosFiles.Create(s_machine with { MemoryBytes = bytes }).Tables);
        Assert.Equal(sizes, structures.Where(s => s.Bytes[0] == 17).Select(s => (int)BinaryPrimitives.ReadUInt16LittleEndian(s.Bytes.AsSpan(12))));
        var mapping = structures.Single(s => s.Bytes[0] == 19).Bytes;
        Assert.Equal(0x4000_0000u >> 10, BinaryPrimitives.ReadUInt32LittleEndian(mapping.AsSpan(4)));
        Assert.Equal((uint)((0x4000_0000 + bytes) / 1024 - 1), BinaryPrimitives.ReadUInt32LittleEndian(mapping.AsSpan(8)));
    }

    private static List<(byte[] Bytes, List<string> Strings)> Parse(byte[] tables)
    {
        var found = new List<(byte[], List<string>)>();
        for (var at = 0; at < tables.Length;)
        {
            var bytes = tables.AsSpan(at, tables[at + 1]).ToArray();
            at += bytes.Length;
            var strings = new List<string>();
            while (tables[at] != 0)
            {
                var end = Array.IndexOf(tables, (byte)0, at);
                strings.Add(Encoding.ASCII.GetString(tables, at, end - at));
                at = end + 1;
            }

            at += strings.Count == 0 ? 2 : 1;
            found.Add((bytes, strings));
        }

        return found;
    }
}
