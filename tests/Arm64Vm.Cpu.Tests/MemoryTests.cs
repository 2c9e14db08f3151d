using Arm64Vm.Cpu.Memory;


namespace Arm64Vm.Cpu.Tests;

public class MemoryTests
{
    private const ulong Il = 1UL << 25;
    private const ulong DataAbort = 0x25UL << 26;
    private const ulong Tables = TestMachine.Ram + 0x40_0000;
    private const ulong Normal = PageTables.Accessed | PageTables.Shareable;
    private const ulong PageA = 0x1000_0000;
    private const ulong PageB = 0x1000_1000;

    [Fact]
    public void DevicesAreReachedThroughTheBus()
    {
        using var machine = new TestMachine();
        machine.Cpu.SetX(1, TestBus.Base + 8);
        machine.Cpu.SetX(2, 0x1122_3344_5566_7788);
        machine.Run(Asm.Str(2, 1), Asm.LdrW(3, 1));
        Assert.Equal(0x5566_7788UL, machine.Cpu.GetX(3));
        Assert.Equal([(TestBus.Base + 8, 8, true), (TestBus.Base + 8, 4, false)], machine.Bus.Accesses);
    }

    [Fact]
    public void NothingThereIsAnExternalAbort()
    {
        using var machine = new TestMachine();
        machine.Cpu.SetX(1, 0x2000_0000);
        machine.Run(Asm.Nop, Asm.StrW(2, 1));
        Assert.Equal(DataAbort | Il | (1 << 6) | 0x10, machine.Esr);
        Assert.Equal(0x2000_0000UL, machine.Far);
        Assert.Equal(TestMachine.Code + 4, machine.Elr);
    }

    [Fact]
    public void UnalignedFaultsWhileTheMmuIsOffButPairsAlignByElement()
    {
        using var machine = new TestMachine();
        machine.Cpu.SetX(1, TestMachine.Data + 4);
        machine.Run(Asm.Ldr(2, 1));
        Assert.Equal(DataAbort | Il | 0x21, machine.Esr);
        Assert.Equal(TestMachine.Data + 4, machine.Far);
        machine.Write64(TestMachine.Data + 8, 5);
        machine.Write64(TestMachine.Data + 16, 6);
        machine.Cpu.SetX(1, TestMachine.Data + 8);
        machine.Run(Asm.LdpX(2, 3, 1));
        Assert.Equal(-1, machine.Vector);
        Assert.Equal(5UL, machine.Cpu.GetX(2));
        Assert.Equal(6UL, machine.Cpu.GetX(3));
    }

    [Fact]
    public void MmuOffCanBeNormalMemory()
    {
        using var machine = new TestMachine(new VcpuOptions { NormalMemoryWhenMmuOff = true });
        machine.Write64(TestMachine.Data, 0x8877_6655_4433_2211);
        machine.Cpu.SetX(1, TestMachine.Data + 1);
        machine.Run(Asm.LdrW(2, 1));
        Assert.Equal(0x5544_3322UL, machine.Cpu.GetX(2));
    }

    [Fact]
    public void AccessAcrossPagesIsByteExact()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        tables.Map(PageB, TestMachine.Ram + 0x30_0000, Normal);
        machine.Cpu.SetX(1, PageB - 3);
        machine.Cpu.SetX(2, 0x8877_6655_4433_2211);
        machine.Run(Asm.Str(2, 1), Asm.Ldr(3, 1));
        Assert.Equal(0x8877_6655_4433_2211UL, machine.Cpu.GetX(3));
        Assert.Equal(0x33_2211UL, machine.Read64(TestMachine.Ram + 0x10_0FF8) >> 40);
        Assert.Equal(0x88_7766_5544UL, machine.Read64(TestMachine.Ram + 0x30_0000));
    }

    [Fact]
    public void FaultOfTheSecondPageNamesItsStartAndWritesNothing()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        machine.Cpu.SetX(1, PageB - 3);
        machine.Cpu.SetX(2, ulong.MaxValue);
        machine.Run(Asm.Str(2, 1));
        Assert.Equal(DataAbort | Il | (1 << 6) | 7, machine.Esr);
        Assert.Equal(PageB, machine.Far);
        Assert.Equal(0UL, machine.Read64(TestMachine.Ram + 0x10_0FF8));
    }

    [Fact]
    public void DeviceMemoryFaultsWhenUnaligned()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal | PageTables.DeviceAttribute);
        machine.Cpu.SetX(1, PageA + 1);
        machine.Run(Asm.LdrW(2, 1));
        Assert.Equal(DataAbort | Il | 0x21, machine.Esr);
    }

    [Fact]
    public void UnprivilegedLoadIsCheckedAsUser()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        tables.Map(PageB, TestMachine.Ram + 0x10_0000, Normal | PageTables.User);
        machine.Write64(TestMachine.Ram + 0x10_0000, 77);
        machine.Cpu.SetX(1, PageB);
        machine.Cpu.SetX(2, PageA);
        machine.Run(Asm.Ldtr(3, 1), Asm.Ldtr(4, 2));
        Assert.Equal(77UL, machine.Cpu.GetX(3));
        Assert.Equal(DataAbort | Il | 0xF, machine.Esr);
        Assert.Equal(PageA, machine.Far);
    }

    [Fact]
    public void PanFaultsAndClearsWithPstate()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal | PageTables.User);
        machine.Cpu.SetX(1, PageA);
        machine.Run(Asm.LdrW(2, 1), Asm.MsrImm(0, 4, 1), Asm.LdrW(3, 1));
        Assert.Equal(DataAbort | Il | 0xF, machine.Esr);
        Assert.Equal(TestMachine.Code + 8, machine.Elr);
        machine.Run(Asm.MsrImm(0, 4, 1), Asm.MsrImm(0, 4, 0), Asm.LdrW(3, 1));
        Assert.Equal(-1, machine.Vector);
    }

    [Fact]
    public void ChangedMappingIsSeenAfterInvalidation()
    {
        using var machine = WithMmu(out PageTables tables);
        ulong slot = tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        machine.Write64(TestMachine.Ram + 0x10_0000, 1);
        machine.Write64(TestMachine.Ram + 0x20_0000, 2);
        machine.Cpu.SetX(1, PageA);
        machine.Cpu.SetX(5, PageA >> 12);
        machine.Run(Asm.LdrW(2, 1));
        machine.Write64(slot, (TestMachine.Ram + 0x20_0000) | Normal | 3);
        machine.Run(Asm.LdrW(3, 1), Asm.Sys(0, 8, 7, 1, 5), Asm.Isb, Asm.LdrW(4, 1));
        Assert.Equal(1UL, machine.Cpu.GetX(2));
        Assert.Equal(1UL, machine.Cpu.GetX(3));
        Assert.Equal(2UL, machine.Cpu.GetX(4));
    }

    [Fact]
    public void AsidSwitchKeepsTranslationsApart()
    {
        using var machine = WithMmu(out PageTables tables, 1UL << 36);
        ulong slot = tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal | PageTables.NonGlobal);
        machine.Write64(TestMachine.Ram + 0x10_0000, 1);
        machine.Write64(TestMachine.Ram + 0x20_0000, 2);
        machine.Cpu.SetX(1, PageA);
        machine.Cpu.SetX(6, tables.Root | (0x1234UL << 48));
        machine.Cpu.SetX(7, tables.Root);
        machine.Cpu.SetX(8, 0x1234UL << 48);
        machine.Run(Asm.LdrW(2, 1));
        machine.Write64(slot, (TestMachine.Ram + 0x20_0000) | Normal | PageTables.NonGlobal | 3);

        // Another ASID walks again; the first still has its cached translation until TLBI ASIDE1 of it.
        machine.Run(
            Asm.Msr(3, 0, 2, 0, 0, 6), Asm.Isb, Asm.LdrW(3, 1),
            Asm.Msr(3, 0, 2, 0, 0, 7), Asm.Isb, Asm.LdrW(4, 1),
            Asm.Sys(0, 8, 7, 2, 8), Asm.Isb, Asm.LdrW(5, 1),
            Asm.Movz(8, 0), Asm.Sys(0, 8, 7, 2, 8), Asm.Isb, Asm.LdrW(9, 1));
        Assert.Equal(-1, machine.Vector);
        Assert.Equal(1UL, machine.Cpu.GetX(2));
        Assert.Equal(2UL, machine.Cpu.GetX(3));
        Assert.Equal(1UL, machine.Cpu.GetX(4));
        Assert.Equal(1UL, machine.Cpu.GetX(5));
        Assert.Equal(2UL, machine.Cpu.GetX(9));
    }

    [Fact]
    public void RangeInvalidationCoversWholeBlocks()
    {
        using var machine = WithMmu(out PageTables tables);
        ulong slot = tables.Map(0x8000_0000, TestMachine.Ram, Normal, 2);
        machine.Write64(TestMachine.Data, 3);
        machine.Cpu.SetX(1, 0x8000_0000 + (TestMachine.Data - TestMachine.Ram));
        machine.Run(Asm.LdrW(2, 1));
        machine.Write64(slot, 0);

        // TG 1 (4 KiB), SCALE 0, NUM 0: two pages at the start of the block.
        machine.Cpu.SetX(5, (1UL << 46) | (0x8000_0000UL >> 12));
        machine.Run(Asm.Sys(0, 8, 6, 1, 5), Asm.Isb, Asm.LdrW(3, 1));
        Assert.Equal(DataAbort | Il | 6, machine.Esr);
        Assert.Equal(3UL, machine.Cpu.GetX(2));
    }

    [Fact]
    public void RemappedCodeRunsTheNewInstructions()
    {
        using var machine = WithMmu(out PageTables tables);
        ulong slot = tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        machine.Program(TestMachine.Ram + 0x10_0000, Asm.Movz(2, 1), Asm.Ret);
        machine.Program(TestMachine.Ram + 0x20_0000, Asm.Movz(2, 2), Asm.Ret);
        machine.Cpu.SetX(1, PageA);
        machine.Cpu.SetX(5, PageA >> 12);
        uint call = 0xD63F_0020; // blr x1
        machine.Run(call, Asm.AddImm(3, 2, 0));
        machine.Write64(slot, (TestMachine.Ram + 0x20_0000) | Normal | 3);
        machine.Run(Asm.Sys(0, 8, 7, 1, 5), Asm.Isb, call, Asm.AddImm(4, 2, 0));
        Assert.Equal(1UL, machine.Cpu.GetX(3));
        Assert.Equal(2UL, machine.Cpu.GetX(4));
    }

    [Fact]
    public void ContextNamesSurviveInvalidationOfPages()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        machine.Cpu.SetX(5, PageA >> 12);
        machine.Run(Asm.Nop);
        ulong before = Tag(machine, TestMachine.Code);
        machine.Run(Asm.Sys(0, 8, 7, 1, 5));
        Assert.Equal(before, Tag(machine, TestMachine.Code));
    }

    /// <summary>Code of one page of a block is dropped by TLBI of another page of the block, by address and by range.</summary>
    [Theory]
    [InlineData(3, 1)]
    [InlineData(6, 1)]
    public void CodeOfABlockIsFetchedAgainAfterInvalidationOfAnotherPageOfIt(int crm, int op2)
    {
        const ulong Block = 0x8000_0000;
        const ulong First = TestMachine.Ram + 0x80_0000;
        const ulong Second = TestMachine.Ram + 0xA0_0000;
        using var machine = WithMmu(out PageTables tables, emitted: true);
        ulong slot = tables.Map(Block, First, Normal, level: 2);
        machine.Program(First + 0x3000, Asm.Movz(2, 1), Asm.Ret);
        machine.Program(Second + 0x3000, Asm.Movz(2, 2), Asm.Ret);
        machine.Cpu.SetX(1, Block + 0x3000);
        // A single page, or two of them where SCALE and NUM are zero (TG 4 KiB), far from the code's.
        machine.Cpu.SetX(5, ((Block + 0x10_0000) >> 12) | (crm == 6 ? 1UL << 46 : 0));
        machine.Run(Asm.Blr(1), Asm.AddImm(3, 2, 0));
        Assert.True(machine.Vector < 0, $"vector {machine.Vector:x} esr {machine.Esr:x} far {machine.Far:x} elr {machine.Elr:x}");
        machine.Write64(slot, Second | Normal | 1);
        machine.Run(Asm.Sys(0, 8, crm, op2, 5), Asm.Isb, Asm.Blr(1), Asm.AddImm(4, 2, 0));
        Assert.Equal(1UL, machine.Cpu.GetX(3));
        Assert.Equal(2UL, machine.Cpu.GetX(4));
    }

    /// <summary>The callee returns to a page that was remapped meanwhile, all of it by data accesses and TLBI: the predicted return leads to the old page's code.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AReturnIntoAPageThatWasRemappedRunsTheNewInstructions(bool emitted)
    {
        const ulong Caller = PageA;
        const ulong Callee = PageA + 0x1000;
        using var machine = WithMmu(out PageTables tables, emitted: emitted);
        ulong slot = tables.Map(Caller, TestMachine.Ram + 0x10_0000, Normal);
        tables.Map(Callee, TestMachine.Ram + 0x30_0000, Normal);

        // The caller: keep the way back, call, say where it came back, leave.
        tables.MapRange(slot & ~0xFFFUL, slot & ~0xFFFUL, 0x1000, Normal);
        foreach ((ulong page, uint mark) in new[] { (TestMachine.Ram + 0x10_0000, 1u), (TestMachine.Ram + 0x20_0000, 2u) })
            machine.Program(page, Asm.Mov(10, 30), Asm.Blr(1), Asm.Movz(2, mark), Asm.Br(10));
        // The callee: str x4, [x3]; dsb ish; tlbi vae1, x5; dsb ish; isb; ret
        machine.Program(TestMachine.Ram + 0x30_0000, 0xF900_0064, 0xD503_3B9F, Asm.Sys(0, 8, 7, 1, 5), 0xD503_3B9F, Asm.Isb, Asm.Ret);
        machine.Cpu.SetX(1, Callee);
        machine.Cpu.SetX(3, slot);
        machine.Cpu.SetX(6, Caller);

        // Data alone is dropped at first: the jump behind the ISB is linked, and no fetch comes between the ISB and the RET.
        const ulong Data = PageA + 0x10_0000;
        foreach ((ulong dropped, ulong physical, ulong mark) in new[]
        {
            (Data, TestMachine.Ram + 0x10_0000, 1UL), (Data, TestMachine.Ram + 0x10_0000, 1UL), (Data, TestMachine.Ram + 0x10_0000, 1UL),
            (Caller, TestMachine.Ram + 0x20_0000, 2UL), (Caller, TestMachine.Ram + 0x10_0000, 1UL),
        })
        {
            machine.Cpu.SetX(5, dropped >> 12);
            machine.Cpu.SetX(4, physical | Normal | 3);
            machine.Run(Asm.Blr(6));
            Assert.Equal(mark, machine.Cpu.GetX(2));
        }
    }

    [Fact]
    public void StoresToCodeAndDmaIntoItAreSeen()
    {
        using var machine = new TestMachine();
        ulong routine = TestMachine.Data;
        machine.Program(routine, Asm.Movz(2, 1), Asm.Ret);
        machine.Cpu.SetX(1, routine);
        machine.Cpu.SetX(7, Asm.Movz(2, 2));
        uint call = 0xD63F_0020; // blr x1
        machine.Run(call, Asm.AddImm(3, 2, 0), Asm.StrW(7, 1), call, Asm.AddImm(4, 2, 0));
        Assert.Equal(1UL, machine.Cpu.GetX(3));
        Assert.Equal(2UL, machine.Cpu.GetX(4));
        machine.Write32(routine, Asm.Movz(2, 3));
        machine.Run(call, Asm.AddImm(5, 2, 0));
        Assert.Equal(3UL, machine.Cpu.GetX(5));
    }

    [Fact]
    public void ExclusivesWorkAcrossAliasesAndNoticeChanges()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        tables.Map(PageB, TestMachine.Ram + 0x10_0000, Normal);
        machine.Cpu.SetX(1, PageA);
        machine.Cpu.SetX(2, PageB);
        machine.Cpu.SetX(3, 9);
        machine.Run(Asm.Ldxr(4, 1), Asm.Stxr(5, 3, 2), Asm.Stxr(6, 3, 1), Asm.Ldxr(4, 1), Asm.Str(5, 1), Asm.Stxr(7, 3, 1));
        Assert.Equal(0UL, machine.Cpu.GetX(5));
        Assert.Equal(1UL, machine.Cpu.GetX(6));
        Assert.Equal(1UL, machine.Cpu.GetX(7));
        Assert.Equal(9UL, machine.Cpu.GetX(4));
    }

    [Fact]
    public void AtomicsReportAReadWhereTheReadAloneFaults()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal | PageTables.ReadOnly);
        machine.Cpu.SetX(1, PageA);
        machine.Run(Asm.Ldadd(2, 3, 1));
        Assert.Equal(DataAbort | Il | (1 << 6) | 0xF, machine.Esr);
        machine.Cpu.SetX(1, PageB);
        machine.Run(Asm.Ldadd(2, 3, 1));
        Assert.Equal(DataAbort | Il | 0x7, machine.Esr);
        machine.Cpu.SetX(1, PageA + 4);
        machine.Run(Asm.Ldadd(2, 3, 1));
        Assert.Equal(DataAbort | Il | 0x21, machine.Esr);
    }

    [Fact]
    public void PairCompareSwapIsSixteenBytes()
    {
        using var machine = new TestMachine();
        machine.Write64(TestMachine.Data, 1);
        machine.Write64(TestMachine.Data + 8, 2);
        machine.Cpu.SetX(1, TestMachine.Data);
        machine.Cpu.SetX(2, 1);
        machine.Cpu.SetX(3, 2);
        machine.Cpu.SetX(4, 10);
        machine.Cpu.SetX(5, 20);
        machine.Run(Asm.Casp(2, 4, 1), Asm.Casp(2, 4, 1));
        Assert.Equal(10UL, machine.Read64(TestMachine.Data));
        Assert.Equal(20UL, machine.Read64(TestMachine.Data + 8));
        Assert.Equal(10UL, machine.Cpu.GetX(2));
        Assert.Equal(20UL, machine.Cpu.GetX(3));
    }

    [Fact]
    public void AddressTranslationReportsInPar()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal | PageTables.ReadOnly);
        machine.Cpu.SetX(1, PageA + 0x123);
        machine.Run(Asm.Sys(0, 7, 8, 0, 1), Asm.Isb, Asm.Mrs(2, 3, 0, 7, 4, 0), Asm.Sys(0, 7, 8, 1, 1), Asm.Mrs(3, 3, 0, 7, 4, 0), Asm.Sys(0, 7, 8, 2, 1), Asm.Mrs(4, 3, 0, 7, 4, 0));
        Assert.Equal((0xFFUL << 56) | (TestMachine.Ram + 0x10_0000), machine.Cpu.GetX(2) & ~0xFFFUL);
        Assert.Equal(0UL, machine.Cpu.GetX(2) & 1);
        Assert.Equal(1UL | (0xFUL << 1), machine.Cpu.GetX(3) & 0x7F);
        Assert.Equal(1UL | (0xFUL << 1), machine.Cpu.GetX(4) & 0x7F);
    }

    [Fact]
    public void ZeroBlockNeedsNormalMemory()
    {
        using var machine = WithMmu(out PageTables tables);
        tables.Map(PageA, TestMachine.Ram + 0x10_0000, Normal);
        tables.Map(PageB, TestMachine.Ram + 0x10_0000, Normal | PageTables.DeviceAttribute);
        machine.Write64(TestMachine.Ram + 0x10_0040, ulong.MaxValue);
        machine.Write64(TestMachine.Ram + 0x10_0080, ulong.MaxValue);
        machine.Cpu.SetX(1, PageA + 0x48);
        machine.Run(Asm.Sys(3, 7, 4, 1, 1));
        Assert.Equal(0UL, machine.Read64(TestMachine.Ram + 0x10_0040));
        Assert.Equal(ulong.MaxValue, machine.Read64(TestMachine.Ram + 0x10_0080));
        machine.Cpu.SetX(1, PageB + 0x48);
        machine.Run(Asm.Sys(3, 7, 4, 1, 1));
        Assert.Equal(DataAbort | Il | (1 << 6) | 0x21, machine.Esr);
        Assert.Equal(PageB + 0x48, machine.Far);
    }

    [Fact]
    public unsafe void RomIsReadDirectlyAndWrittenThroughTheBus()
    {
        using var machine = new TestMachine();
        using HostMemory rom = HostMemory.Anonymous(4096);
        *(uint*)rom.Address = Asm.Movz(2, 5);
        *(uint*)(rom.Address + 4) = Asm.Ret;
        MemoryRegion region = machine.Memory.AddRegion(TestBus.Base, rom.Address, 4096, writable: false);
        machine.Cpu.SetX(1, TestBus.Base);
        machine.Cpu.SetX(3, 0x55);
        machine.Run(0xD63F_0020, Asm.LdrW(4, 1), Asm.StrW(3, 1), Asm.LdrW(5, 1));
        Assert.Equal(5UL, machine.Cpu.GetX(2));
        Assert.Equal((ulong)Asm.Movz(2, 5), machine.Cpu.GetX(4));
        Assert.Equal((ulong)Asm.Movz(2, 5), machine.Cpu.GetX(5));
        Assert.Equal(0x55, machine.Bus.Bytes[0]);
        machine.Memory.SetMapped(region, false);
        machine.Run(Asm.LdrW(6, 1));
        Assert.Equal(0x55UL, machine.Cpu.GetX(6));
        machine.Memory.SetMapped(region, true);
        machine.Run(Asm.LdrW(6, 1));
        Assert.Equal((ulong)Asm.Movz(2, 5), machine.Cpu.GetX(6));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(4096UL)]
    [InlineData(1UL << 45)]
    public void RamSizesAreChecked(ulong size) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GuestRam(TestMachine.Ram, size));

    private static TestMachine WithMmu(out PageTables tables, ulong tcrBits = 0, bool emitted = true)
    {
        var machine = new TestMachine(emitted: emitted);
        tables = new PageTables(machine, Tables);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, Normal);
        tables.Enable(tcrBits);
        return machine;
    }

    private static unsafe ulong Tag(TestMachine machine, ulong address)
    {
        Assert.True(machine.Cpu.TryFetch(machine.Cpu.Context, address, out Translation.CodeLocation location));
        return location.ContextTag;
    }
}
