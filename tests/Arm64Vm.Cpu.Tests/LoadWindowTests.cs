using Arm64Vm.Cpu.Exceptions;

namespace Arm64Vm.Cpu.Tests;

/// <summary>The window through which code of a flat machine loads: when it is open, and that it is closed by all that could change what a load through it gives.</summary>
public unsafe class LoadWindowTests
{
    private const ulong Tables = TestMachine.Ram + 0x40_0000;
    private const ulong OtherTables = TestMachine.Ram + 0x50_0000;
    private const ulong Stack = TestMachine.Ram + 0x10_0000;
    private const ulong Normal = PageTables.Normal;

    /// <summary>Pages at their own addresses behind three blocks, and a page elsewhere.</summary>
    private const ulong Page = TestMachine.Ram + 0x60_0000;
    private const int Pages = 3;
    private const ulong Other = TestMachine.Ram + 0x30_0000;
    private const uint DsbIsh = 0xD503_3B9F;
    private const int El1 = 1;

    [Fact]
    public void LoadsOfAFlatMachineDoNotLeave()
    {
        using var machine = Make(out _);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, Page);
        cpu.SetX(3, Page + 0x1000);
        cpu.SetX(4, Stack);
        machine.Write64(Page + 0x1000, 0x22);
        machine.Run(Asm.Ldr(2, 1), Asm.Ldr(5, 3), Asm.LdpX(6, 7, 4));
        Assert.Equal(0x11UL, cpu.GetX(2));
        Assert.Equal(0x22UL, cpu.GetX(5));
        Assert.True(IsOpen(machine, El1));
        Assert.Equal(0, machine.MemoryExits);
    }

    [Theory]
    [InlineData(0x0100_0000UL)] // nowhere near
    [InlineData(TestMachine.Ram + 0x70_0000)] // in RAM, not mapped
    public void WithoutItsStackInTheRangeAMachineIsNotFlat(ulong stack)
    {
        using var machine = Make(out _);
        machine.Cpu.StackPointer = stack;
        Load(machine, Page);
        Assert.False(IsOpen(machine, El1));
    }

    [Fact]
    public void CodeAtAnotherAddressThanItsOwnHasNoWindow()
    {
        using var machine = Make(out PageTables tables);
        tables.Map(0x0100_0000, TestMachine.Ram + 0x20_0000, Normal);
        machine.Program(TestMachine.Ram + 0x20_0000, Asm.Ldr(2, 1), Asm.Hlt(0xF000));
        machine.Cpu.SetX(1, Page);
        machine.Cpu.Pc = 0x0100_0000;
        machine.Resume();
        Assert.Equal(0x11UL, machine.Cpu.GetX(2));
        Assert.False(IsOpen(machine, El1));
    }

    [Theory]
    [InlineData(7, 0)] // VMALLE1
    [InlineData(7, 1)] // VAE1
    [InlineData(7, 2)] // ASIDE1
    [InlineData(7, 3)] // VAAE1
    [InlineData(7, 5)] // VALE1
    [InlineData(3, 0)] // VMALLE1IS
    [InlineData(3, 1)] // VAE1IS
    public void APageThatIsMappedElsewhereIsLoadedFromThere(int crm, int op2)
    {
        using var machine = Make(out PageTables tables, PageTables.NonGlobal);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, Page);
        cpu.SetX(5, tables.Slot(Page, 3));
        cpu.SetX(6, Other | Normal | PageTables.NonGlobal | 3);
        cpu.SetX(8, op2 == 2 ? 0 : Page >> 12);
        Assert.Equal(0x11UL, Load(machine, Page));
        Assert.True(IsOpen(machine, El1));
        machine.Run(Asm.Ldr(2, 1), Asm.Str(6, 5), DsbIsh, Asm.Sys(0, 8, crm, op2, op2 == 0 ? 31 : 8), DsbIsh, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x11UL, cpu.GetX(2));
        Assert.Equal(0x77UL, cpu.GetX(7));
    }

    /// <summary>A block of which RAM fills a part: maintenance behind the end of RAM is maintenance of all of it.</summary>
    [Fact]
    public void MaintenanceOfAnyAddressOfABlockClosesIt()
    {
        using var machine = Make(out PageTables tables, ramSize: 0x70_0000);
        Vcpu cpu = machine.Cpu;
        tables.Map(Page, Page, Normal, level: 2);
        Assert.Equal(0x11UL, Load(machine, Page));
        Assert.True(IsOpen(machine, El1));
        cpu.SetX(1, Page);
        cpu.SetX(5, tables.Slot(Page, 2));
        cpu.SetX(6, (TestMachine.Ram + 0x20_0000) | Normal | 1);
        cpu.SetX(8, (Page + 0x1F_0000) >> 12);
        machine.Write64(TestMachine.Ram + 0x20_0000, 0x77);
        machine.Run(Asm.Str(6, 5), DsbIsh, Asm.Sys(0, 8, 7, 1, 8), DsbIsh, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x77UL, cpu.GetX(7));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void AnotherTableIsAnotherRange(int asid)
    {
        using var machine = Make(out _, PageTables.NonGlobal);
        Vcpu cpu = machine.Cpu;
        PageTables other = MapFlat(machine, OtherTables, PageTables.NonGlobal);
        other.Map(Page, Other, Normal | PageTables.NonGlobal);
        Assert.Equal(0x11UL, Load(machine, Page));
        cpu.SetX(1, Page);
        cpu.SetX(8, other.Root | ((ulong)asid << 48));
        uint writeTtbr0 = Asm.Msr(3, 0, 2, 0, 0, 8);
        uint invalidate = asid == 0 ? Asm.Sys(0, 8, 7, 0) : DsbIsh;
        machine.Run(Asm.Ldr(2, 1), writeTtbr0, Asm.Isb, invalidate, DsbIsh, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x11UL, cpu.GetX(2));
        Assert.Equal(0x77UL, cpu.GetX(7));
    }

    [Fact]
    public void WithTranslationOffMemoryIsDevice()
    {
        using var machine = Make(out _);
        Load(machine, Page);
        Assert.True(IsOpen(machine, El1));
        machine.SetSystem("SCTLR_EL1", 0x30D0_0800);
        Assert.False(IsOpen(machine, El1));
        Load(machine, Page + 1);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(0x21UL, machine.Esr & 0x3F);
        machine.SetSystem("SCTLR_EL1", 0x30D0_0801);
        Assert.Equal(0x11UL, Load(machine, Page));
    }

    /// <summary>Closed windows come back, though not at once.</summary>
    [Fact]
    public void AWindowIsOpenedAgainWhenTheTablesHaveRest()
    {
        using var machine = Make(out _);
        Load(machine, Page);
        machine.Run(Asm.Sys(0, 8, 7, 0), DsbIsh, Asm.Isb);
        bool isBack = SpinWait.SpinUntil(() => Load(machine, Page) == 0x11 && IsOpen(machine, El1), TimeSpan.FromSeconds(20));
        Assert.True(isBack);
    }

    [Fact]
    public void APageThatBecomesDeviceFaultsWhereAnAccessIsMisaligned()
    {
        using var machine = Make(out PageTables tables);
        Vcpu cpu = machine.Cpu;
        Load(machine, Page + 1);
        Assert.Equal(-1, machine.Vector);
        cpu.SetX(1, Page + 1);
        cpu.SetX(5, tables.Slot(Page, 3));
        cpu.SetX(6, Page | Normal | PageTables.DeviceAttribute | 3);
        cpu.SetX(8, Page >> 12);
        machine.Run(Asm.Str(6, 5), DsbIsh, Asm.Sys(0, 8, 7, 1, 8), DsbIsh, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(0x21UL, machine.Esr & 0x3F);
    }

    /// <summary>EL1 has a window on a page that EL0 may not read, and EL0 one that ends before it.</summary>
    [Fact]
    public void EachLevelHasItsOwnRange()
    {
        using var machine = Make(out PageTables tables);
        tables.Map(TestMachine.Ram, TestMachine.Ram, Normal | PageTables.User | PageTables.ReadOnly, level: 2);
        machine.SetSystem("SP_EL0", Stack);
        Assert.Equal(0x11UL, Load(machine, Page));
        machine.Cpu.SetX(1, Page);
        machine.Cpu.SetX(3, Stack);
        machine.RunFrom(0, Asm.Ldr(5, 3), Asm.Ldr(7, 1));
        Assert.True(IsOpen(machine, 0));
        Assert.True(IsOpen(machine, El1));
        Assert.Equal(0x400, machine.Vector);
        Assert.Equal(Page, machine.Far);
        Assert.Equal((ulong)ExceptionClass.DataAbortLower, machine.Esr >> 26);
    }

    [Fact]
    public void APageOfEl0IsNotReadUnderPan()
    {
        using var machine = Make(out PageTables tables);
        tables.Map(Page, Page, Normal | PageTables.User);
        Assert.Equal(0x11UL, Load(machine, Page));
        machine.Cpu.SetX(1, Page);
        machine.Run(Asm.Ldr(2, 1), Asm.MsrImm(0, 4, 1), Asm.Ldr(5, 1));
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(Page, machine.Far);
    }

    [Fact]
    public void APageThatWasNeverAccessedIsNotInTheWindow()
    {
        using var machine = Make(out PageTables tables);
        tables.Map(Page + 0x1000, Page + 0x1000, PageTables.Shareable);
        Load(machine, Page);
        Assert.True(IsOpen(machine, El1));
        Load(machine, Page + 0x1000);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(0x0BUL, machine.Esr & 0x3F);
    }

    [Fact]
    public void AWatchpointSeesLoads()
    {
        using var machine = Make(out _);
        Load(machine, Page);
        Assert.True(IsOpen(machine, El1));
        machine.SetSystem("DBGWVR0_EL1", Page);
        machine.SetSystem("DBGWCR0_EL1", 1 | (3 << 1) | (3 << 3) | (0xFF << 5));
        machine.SetSystem("OSLAR_EL1", 0);
        machine.SetSystem("MDSCR_EL1", (1 << 15) | (1 << 13));
        Assert.False(IsOpen(machine, El1));
        machine.Cpu.SetX(1, Page);
        machine.Run(Asm.MsrImm(3, 7, 8), Asm.Ldr(2, 1));
        Assert.Equal((ulong)ExceptionClass.Watchpoint, machine.Esr >> 26);
        Assert.Equal(Page, machine.Far);
    }

    /// <summary>The window's last bytes, which its limit leaves out, and accesses that leave it.</summary>
    [Theory]
    [InlineData(-8, true)]
    [InlineData(-16, true)]
    [InlineData(-255, true)]
    [InlineData(-256, true)]
    [InlineData(-257, true)]
    [InlineData(-4, false)]
    [InlineData(0, false)]
    public void TheEndOfTheWindowIsExact(int distance, bool isInside)
    {
        using var machine = Make(out _);
        const ulong End = Page + (Pages * 0x1000);
        machine.Write64(End + (ulong)distance - (distance > -8 ? 8UL : 0), 0x55);
        ulong value = Load(machine, End + (ulong)distance);
        Assert.True(IsOpen(machine, El1));
        if (isInside)
        {
            Assert.Equal(0x55UL, value);
            return;
        }

        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(End, machine.Far);
    }

    [Fact]
    public void ATaggedAddressIsFoundWithoutTheWindow()
    {
        using var machine = Make(out PageTables tables);
        tables.Enable(tcrBits: 1UL << 37);
        Assert.Equal(0x11UL, Load(machine, Page | 0x5A00_0000_0000_0000));
        Assert.True(IsOpen(machine, El1));
        Assert.Equal(1, machine.MemoryExits);
    }

    [Fact]
    public void AResetClosesIt()
    {
        using var machine = Make(out _);
        Load(machine, Page);
        Assert.True(IsOpen(machine, El1));
        machine.Cpu.Reset(TestMachine.Code);
        Assert.False(IsOpen(machine, El1));
    }

    /// <summary>Loads eight bytes; the address after a fault is in FAR.</summary>
    private static ulong Load(TestMachine machine, ulong address)
    {
        machine.Cpu.SetX(1, address);
        machine.Run(Asm.Ldr(2, 1));
        return machine.Cpu.GetX(2);
    }

    private static bool IsOpen(TestMachine machine, int mmuIndex) => machine.Cpu.Context->LoadWindows[mmuIndex].Limit != 0;

    /// <summary>A flat machine with its stack in RAM; the first words of <see cref="Page"/> and <see cref="Other"/> are 0x11 and 0x77.</summary>
    private static TestMachine Make(out PageTables tables, ulong attributes = 0, ulong ramSize = 16 << 20)
    {
        TestMachine machine = new(emitted: true, ramSize: ramSize);
        tables = MapFlat(machine, Tables, attributes);
        machine.Write64(Page, 0x11);
        machine.Write64(Other, 0x77);
        machine.Cpu.StackPointer = Stack;
        tables.Enable();
        return machine;
    }

    private static PageTables MapFlat(TestMachine machine, ulong at, ulong attributes)
    {
        var tables = PageTables.OfFlatRam(machine, at, Page - TestMachine.Ram);
        tables.MapRange(Page, Page, Pages * 0x1000, Normal | attributes);
        return tables;
    }
}
