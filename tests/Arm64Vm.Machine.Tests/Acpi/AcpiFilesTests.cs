using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Acpi;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Acpi;

/// <summary>The tables as firmware would leave them in memory.</summary>
public class AcpiFilesTests
{
    private const ulong TablesAt = 0x7C43_0000;
    private const ulong RootAt = 0x7C42_0000;

    public static TheoryData<GicVersion, int, bool> Boards => new()
    {
        { GicVersion.V3, 1, false },
        { GicVersion.V3, 130, true },
        { GicVersion.V2, 1, false },
        { GicVersion.V2, 8, true },
    };

    [Theory]
    [MemberData(nameof(Boards))]
    public void TheScriptLinksTablesThatAddUpToZero(GicVersion gic, int cpus, bool full)
    {
        var memory = new LinkedTables(AcpiFiles.Create(Board(gic, cpus, full)), TablesAt, RootAt);
        Assert.Equal(0, Sum(memory.Root.AsSpan(0, 20)));
        Assert.Equal(0, Sum(memory.Root));
        var xsdt = memory.TableAt(BinaryPrimitives.ReadUInt64LittleEndian(memory.Root.AsSpan(RootPointer.XsdtOffset)));
        var names = new List<string> { Name(xsdt) };
        for (var i = AcpiTable.HeaderLength; i < xsdt.Length; i += 8)
        {
            var table = memory.TableAt(BinaryPrimitives.ReadUInt64LittleEndian(xsdt.AsSpan(i)));
            Assert.Equal(0, Sum(table));
            names.Add(Name(table));
            if (names[^1] == "FACP")
            {
                var dsdt = memory.TableAt(BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(Fadt.DsdtPointerOffset)));
                Assert.Equal(0, Sum(dsdt));
                names.Add(Name(dsdt));
            }
        }

        Assert.Equal(0, Sum(xsdt));
        Assert.Equal(["XSDT", "FACP", "DSDT", "APIC", "PPTT", "GTDT", "MCFG", "SPCR", "DBG2", "IORT"], names);
    }

    /// <summary>Where commands go, and by what they are started (TCG ACPI Specification 1.3, 8.3).</summary>
    [Theory]
    [InlineData(TpmInterface.Tis, 0, 6)]
    [InlineData(TpmInterface.Crb, 0x0C00_0040, 7)]
    public void ATrustedPlatformModuleHasATable(TpmInterface tpm, ulong controlArea, uint startMethod)
    {
        var files = AcpiFiles.Create(Board(GicVersion.V3, 1, full: false) with { Tpm = tpm });
        var memory = new LinkedTables(files, TablesAt, RootAt);
        var xsdt = memory.TableAt(BinaryPrimitives.ReadUInt64LittleEndian(memory.Root.AsSpan(RootPointer.XsdtOffset)));
        var table = memory.TableAt(BinaryPrimitives.ReadUInt64LittleEndian(xsdt.AsSpan(xsdt.Length - 8)));
        Assert.Equal(("TPM2", 4, 64, 0), (Name(table), table[8], table.Length, Sum(table)));
        Assert.Equal(controlArea, BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(40)));
        Assert.Equal(startMethod, BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(48)));
        Assert.Contains("MSFT0101", Encoding.ASCII.GetString(files.Tables), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandHasItsSizeAndEveryFileItsAllocation()
    {
        var files = AcpiFiles.Create(Board(GicVersion.V3, 1, full: false));
        Assert.Equal(0, files.Loader.Length % TableLoader.CommandLength);
        var commands = files.Loader.Chunk(TableLoader.CommandLength).Select(c => BinaryPrimitives.ReadUInt32LittleEndian(c)).ToArray();
        Assert.Equal([1u, 1u], commands[..2]);
        Assert.DoesNotContain(1u, commands[2..]);
        Assert.Equal(12, commands.Count(c => c == 3)); // ten tables, and two sums of the root pointer
    }

    [Theory]
    [InlineData(false, 276)]
    [InlineData(true, 276)]
    public void TheFixedTableHasItsLayout(bool smc, int length)
    {
        var table = Fadt.Make(new VirtBoard { RamSize = 1 << 30, Psci = smc ? PsciConduit.Smc : PsciConduit.Hvc }, 0x1234);
        Assert.Equal(length, table.Length);
        Assert.Equal(1u << 20, BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(112)));
        Assert.Equal(smc ? 1 : 3, BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(129)));
        Assert.Equal(0x1234ul, BinaryPrimitives.ReadUInt64LittleEndian(table.AsSpan(140)));
    }

    [Theory]
    [InlineData(GicVersion.V3, 1, 164)] // distributor 24, one processor 80, one range of redistributors 16
    [InlineData(GicVersion.V3, 124, 44 + 24 + 124 * 80 + 2 * 16)]
    [InlineData(GicVersion.V2, 8, 44 + 24 + 8 * 80)]
    public void TheInterruptTableHasAStructureForEachPart(GicVersion gic, int cpus, int length) =>
        Assert.Equal(length, Madt.Make(Board(gic, cpus, full: false)).Length);

    [Fact]
    public void FixedLengthTablesHaveTheirLengths()
    {
        var board = Board(GicVersion.V3, 1, full: false);
        Assert.Equal(
            [104, 60, 80, 87, 84, 96],
            [Gtdt.Make(board).Length, Mcfg.Make(board).Length, Spcr.Make().Length, Dbg2.Make().Length, Iort.Make(board).Length, Pptt.Make(board).Length]);
    }

    private static VirtBoard Board(GicVersion gic, int cpus, bool full) => new()
    {
        RamSize = 1UL << 30,
        Gic = gic,
        CpuCount = cpus,
        HasEl2 = full,
        HasPmu = full,
        HasIts = full && gic == GicVersion.V3,
        HasV2m = full && gic == GicVersion.V2,
    };

    private static string Name(byte[] table) => Encoding.ASCII.GetString(table, 0, 4);

    private static byte Sum(ReadOnlySpan<byte> bytes)
    {
        byte sum = 0;
        foreach (var value in bytes)
            sum += value;
        return sum;
    }
}
