using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu.Tests;

public class TranslationTests
{
    private const ulong Tables = TestMachine.Ram + 0x40_0000;
    private const ulong Normal = PageTables.Accessed | PageTables.Shareable;
    private const ulong Upper = 0xFFFF_FF80_0000_0000;

    [Theory]
    [InlineData(12, 39)]
    [InlineData(12, 48)]
    [InlineData(12, 25)]
    [InlineData(12, 30)]
    [InlineData(14, 36)]
    [InlineData(14, 47)]
    [InlineData(14, 48)]
    [InlineData(16, 42)]
    [InlineData(16, 48)]
    [InlineData(16, 29)]
    public void EveryGranuleAndSizeMapsAPage(int granule, int inputBits)
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables, granule, inputBits);
        ulong address = (1UL << (inputBits - 1)) | (5UL << granule);
        tables.Map(address, TestMachine.Ram + (2UL << 16), Normal);
        tables.Enable();
        Assert.Equal(FaultStatus.None, Translate(machine, address + 0x123, out ulong physical));
        Assert.Equal(TestMachine.Ram + (2UL << 16) + 0x123, physical);
        Assert.Equal(FaultStatus.None, Translate(machine, ulong.MaxValue << inputBits | address, out physical));
        Assert.Equal(TestMachine.Ram + (2UL << 16), physical);

        Assert.Equal(FaultStatus.Translation + 3, Translate(machine, address + (1UL << granule), out _));
        Assert.Equal(FaultStatus.Translation, Translate(machine, 1UL << inputBits, out _));
    }

    [Theory]
    [InlineData(12, 39, 1, 30)]
    [InlineData(12, 39, 2, 21)]
    [InlineData(14, 47, 2, 25)]
    [InlineData(16, 48, 2, 29)]
    public void BlocksCoverTheirSize(int granule, int inputBits, int level, int size)
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables, granule, inputBits);
        ulong address = 3UL << size;
        tables.Map(address, 1UL << size, Normal, level);
        tables.Enable();
        ulong last = (1UL << size) - 8;
        Assert.Equal(FaultStatus.None, Translate(machine, address + last, out ulong physical));
        Assert.Equal((1UL << size) + last, physical);
        Assert.Equal(FaultStatus.None, Translate(machine, address + 8, out physical));
        Assert.Equal((1UL << size) + 8, physical);
    }

    [Theory]
    [InlineData(14, 47, 1)]
    [InlineData(16, 48, 1)]
    [InlineData(12, 48, 0)]
    public void BlocksWhereThereAreNoneFault(int granule, int inputBits, int level)
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables, granule, inputBits);
        tables.Map(0, 0, Normal, level);
        tables.Enable();
        Assert.Equal(FaultStatus.Translation + level, Translate(machine, 0x1000, out _));
    }

    [Fact]
    public void LevelsOfFaultsAreReported()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables, 12, 48);
        tables.Map(0x1000, TestMachine.Ram, Normal);
        tables.Map(0x2000, TestMachine.Ram, PageTables.Shareable);
        tables.Map(0x3000, TestMachine.Ram, Normal | PageTables.ReadOnly);
        tables.Map(0x4000, 1UL << 44, Normal);
        tables.Map(0x20_0000, TestMachine.Ram, 0, 2);
        machine.Write64(tables.Slot(0x5000, 3), TestMachine.Ram | Normal | 1);
        machine.Write64(tables.Slot(0x40_0000, 2), 0x1000_0003);
        tables.Enable();
        machine.SetSystem("TCR_EL1", (tables.Tcr & ~(7UL << 32)) | (2UL << 32));
        Assert.Equal(FaultStatus.Translation + 0, Translate(machine, 1UL << 40, out _));
        Assert.Equal(FaultStatus.Translation + 1, Translate(machine, 1UL << 31, out _));
        Assert.Equal(FaultStatus.Translation + 2, Translate(machine, 0x60_0000, out _));
        Assert.Equal(FaultStatus.Translation + 3, Translate(machine, 0x0, out _));
        Assert.Equal(FaultStatus.Translation + 3, Translate(machine, 0x5000, out _));
        Assert.Equal(FaultStatus.AccessFlag + 3, Translate(machine, 0x2000, out _));
        Assert.Equal(FaultStatus.AccessFlag + 2, Translate(machine, 0x20_0000, out _));
        Assert.Equal(FaultStatus.None, Translate(machine, 0x3000, out _));
        Assert.Equal(FaultStatus.Permission + 3, Translate(machine, 0x3000, out _, AccessType.Write));
        Assert.Equal(FaultStatus.AddressSize + 3, Translate(machine, 0x4000, out _));
        Assert.Equal(FaultStatus.ExternalAbortOnWalk + 3, Translate(machine, 0x40_0000, out _));
        machine.SetSystem("TTBR0_EL1", 1UL << 45);
        Assert.Equal(FaultStatus.AddressSize, Translate(machine, 0x7000, out _));
    }

    [Theory]
    [InlineData(0UL, "rw-x", "---x")]
    [InlineData(PageTables.User, "rw--", "rw-x")]
    [InlineData(PageTables.ReadOnly, "r--x", "---x")]
    [InlineData(PageTables.ReadOnly | PageTables.User, "r--x", "r--x")]
    [InlineData(PageTables.ReadOnly | PageTables.User | PageTables.Pxn, "r---", "r--x")]
    [InlineData(PageTables.User | PageTables.Uxn, "rw--", "rw--")]
    public void PermissionsFollowTheDescriptor(ulong bits, string privileged, string user)
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Map(0x1000, TestMachine.Ram, Normal | bits);
        tables.Enable();
        Assert.Equal(privileged, Allowed(machine, 0x1000, true));
        Assert.Equal(user, Allowed(machine, 0x1000, false));
    }

    [Fact]
    public void TableAttributesRestrictAndCanBeTurnedOff()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Slot(0x1000, 2, tableBits: (1UL << 59) | (1UL << 60) | (1UL << 61) | (1UL << 62));
        tables.Map(0x1000, TestMachine.Ram, Normal | PageTables.User);
        tables.Enable();
        Assert.Equal("r---", Allowed(machine, 0x1000, true));
        Assert.Equal("----", Allowed(machine, 0x1000, false));
        machine.SetSystem("TCR_EL1", tables.Tcr | (1UL << 41));
        Assert.Equal("rw-x", Allowed(machine, 0x1000, false));
    }

    [Fact]
    public void WritableMemoryIsNotExecutableUnderWxn()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Map(0x1000, TestMachine.Ram, Normal);
        tables.Map(0x2000, TestMachine.Ram, Normal | PageTables.User);
        tables.Enable(sctlrBits: 1UL << 19);
        Assert.Equal("rw--", Allowed(machine, 0x1000, true));
        Assert.Equal("rw--", Allowed(machine, 0x2000, false));
    }

    [Fact]
    public void PanDeniesUserPagesToPrivilegedData()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Map(0x1000, TestMachine.Ram, Normal | PageTables.User);
        tables.Enable();
        Assert.Equal(FaultStatus.Permission + 3, machine.Cpu.Stage1.Translate(0x1000, AccessType.Read, true, true, out _));
        Assert.Equal(FaultStatus.None, machine.Cpu.Stage1.Translate(0x1000, AccessType.Read, true, false, out _));
    }

    [Fact]
    public void HardwareSetsAccessFlagAndDirtyState()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        ulong slot = tables.Map(0x1000, TestMachine.Ram, PageTables.Shareable | PageTables.ReadOnly | PageTables.Dirty);
        ulong readOnly = tables.Map(0x2000, TestMachine.Ram, PageTables.Shareable | PageTables.ReadOnly);
        tables.Enable(tcrBits: (1UL << 39) | (1UL << 40));
        Assert.Equal(FaultStatus.None, Translate(machine, 0x1000, out _));
        Assert.Equal(PageTables.Accessed | PageTables.ReadOnly, machine.Read64(slot) & (PageTables.Accessed | PageTables.ReadOnly));
        Assert.Equal(FaultStatus.None, Translate(machine, 0x1000, out _, AccessType.Write));
        Assert.Equal(PageTables.Accessed, machine.Read64(slot) & (PageTables.Accessed | PageTables.ReadOnly));
        Assert.Equal(FaultStatus.Permission + 3, Translate(machine, 0x2000, out _, AccessType.Write));
        Assert.Equal(PageTables.ReadOnly, machine.Read64(readOnly) & PageTables.ReadOnly);
    }

    [Fact]
    public void TopByteIsIgnoredOnlyWhenTcrSaysSo()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Map(0x1000, TestMachine.Ram, Normal);
        tables.Enable();
        Assert.Equal(FaultStatus.Translation, Translate(machine, 0x5A00_0000_0000_1000, out _));
        machine.SetSystem("TCR_EL1", tables.Tcr | (1UL << 37));
        Assert.Equal(FaultStatus.None, Translate(machine, 0x5A00_0000_0000_1000, out _));
        machine.SetSystem("TCR_EL1", tables.Tcr | (1UL << 37) | (1UL << 51));
        Assert.Equal(FaultStatus.Translation, Translate(machine, 0x5A00_0000_0000_1000, out _, AccessType.Execute));
    }

    [Fact]
    public void DisabledHalvesAndE0pdFaultAtLevelZero()
    {
        using var machine = new TestMachine();
        var tables = new PageTables(machine, Tables);
        tables.Map(0x1000, TestMachine.Ram, Normal | PageTables.User);
        tables.Enable(tcrBits: (1UL << 23) | (1UL << 55));
        Assert.Equal(FaultStatus.Translation, Translate(machine, Upper | 0x1000, out _));
        Assert.Equal(FaultStatus.None, Translate(machine, 0x1000, out _));
        Assert.Equal(FaultStatus.Translation, machine.Cpu.Stage1.Translate(0x1000, AccessType.Read, false, false, out _));
    }

    [Fact]
    public void MmuOffIsIdentityWithinThePhysicalSize()
    {
        using var machine = new TestMachine();
        Assert.Equal(FaultStatus.None, Translate(machine, TestMachine.Data + 5, out ulong physical));
        Assert.Equal(TestMachine.Data + 5, physical);
        Assert.Equal(FaultStatus.AddressSize, Translate(machine, 1UL << 50, out _));
    }

    private static int Translate(TestMachine machine, ulong address, out ulong physical, AccessType access = AccessType.Read)
    {
        int fault = machine.Cpu.Stage1.Translate(address, access, true, false, out TlbEntry entry);
        physical = fault == FaultStatus.None ? machine.Cpu.Stage1.PhysicalOf(entry, address) : 0;
        return fault;
    }

    private static string Allowed(TestMachine machine, ulong address, bool privileged)
    {
        string text = "";
        text += machine.Cpu.Stage1.Translate(address, AccessType.Read, privileged, false, out _) == FaultStatus.None ? 'r' : '-';
        text += machine.Cpu.Stage1.Translate(address, AccessType.Write, privileged, false, out _) == FaultStatus.None ? 'w' : '-';
        text += '-';
        text += machine.Cpu.Stage1.Translate(address, AccessType.Execute, privileged, false, out _) == FaultStatus.None ? 'x' : '-';
        return text;
    }
}
