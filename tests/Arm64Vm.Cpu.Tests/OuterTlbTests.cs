using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>The second level of the inline TLB: it serves what shares a slot of the first without an exit, and forgets what must be forgotten.</summary>
public class OuterTlbTests
{
    [Fact]
    public void PagesThatShareASlotOfTheFirstLevelAreServedInEmittedCode()
    {
        using var machine = Make(out _);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, PagesOfOneSlot.A);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(5, 1000);
        cpu.SetX(6, 0);
        const uint AddX6X6X2 = 0x8B02_00C6, AddX6X6X4 = 0x8B04_00C6, SubsX5 = 0xF100_04A5, BackSixIfNot0 = 0x54FF_FF41;
        machine.Run(Asm.Ldr(2, 1), Asm.Ldr(4, 3), AddX6X6X2, AddX6X6X4, Asm.Str(6, 1), Asm.Str(6, 3), SubsX5, BackSixIfNot0 - (1 << 5));
        Assert.NotEqual(0UL, cpu.GetX(6));
        Assert.Equal(machine.Read64(PagesOfOneSlot.FrameA), cpu.GetX(6));
        Assert.InRange(machine.MemoryExits, 2, 16);
    }

    /// <summary>A page that is in the second level alone is mapped elsewhere and invalidated.</summary>
    [Theory]
    [InlineData(7, 1)] // VAE1
    [InlineData(7, 3)] // VAAE1
    [InlineData(7, 5)] // VALE1
    [InlineData(7, 0)] // VMALLE1
    [InlineData(7, 2)] // ASIDE1
    [InlineData(3, 0)] // VMALLE1IS
    [InlineData(3, 1)] // VAE1IS
    public void InvalidatedTranslationsAreForgotten(int crm, int op2)
    {
        using var machine = Make(out PageTables tables);
        Vcpu cpu = machine.Cpu;
        machine.Write64(PagesOfOneSlot.OtherFrame, 0x77);
        cpu.SetX(1, PagesOfOneSlot.A);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(5, tables.Slot(PagesOfOneSlot.A, 3));
        cpu.SetX(6, PagesOfOneSlot.OtherFrame | PagesOfOneSlot.Normal | PageTables.NonGlobal | 3);
        cpu.SetX(8, op2 == 2 ? 0 : PagesOfOneSlot.A >> 12);
        machine.Run(Asm.Ldr(2, 1), Asm.Ldr(4, 3), Asm.Str(6, 5), PagesOfOneSlot.DsbIsh, Asm.Sys(0, 8, crm, op2, op2 == 0 ? 31 : 8), PagesOfOneSlot.DsbIsh, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x11UL, cpu.GetX(2));
        Assert.Equal(0x77UL, cpu.GetX(7));
    }

    /// <summary>With another ASID a page of one address space is looked up anew, and one of all is not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void AnotherAddressSpaceSeesItsOwnPages(bool global)
    {
        using var machine = Make(out PageTables tables, global ? 0 : PageTables.NonGlobal);
        Vcpu cpu = machine.Cpu;
        machine.Write64(PagesOfOneSlot.OtherFrame, 0x77);
        cpu.SetX(1, PagesOfOneSlot.A);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(5, tables.Slot(PagesOfOneSlot.A, 3));
        cpu.SetX(6, PagesOfOneSlot.OtherFrame | PagesOfOneSlot.Normal | 3);
        cpu.SetX(8, tables.Root | (5UL << 48));
        uint writeTtbr0 = Asm.Msr(3, 0, 2, 0, 0, 8);
        machine.Run(Asm.Ldr(2, 1), Asm.Ldr(4, 3), Asm.Str(6, 5), PagesOfOneSlot.DsbIsh, writeTtbr0, Asm.Isb, Asm.Ldr(7, 1));
        Assert.Equal(0x11UL, cpu.GetX(2));
        Assert.Equal(global ? 0x11UL : 0x77UL, cpu.GetX(7));
    }

    /// <summary>A page is written to, loses its slot, and then gets code: a store through the second level must throw that code away.</summary>
    [Fact]
    public void StoresToAPageThatGotCodeAreNoticed()
    {
        using var machine = Make(out _);
        Vcpu cpu = machine.Cpu;
        machine.Program(PagesOfOneSlot.FrameA + 0x100, Asm.Movz(7, 1), Asm.Ret);
        cpu.SetX(1, PagesOfOneSlot.A + 0x100);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(5, Asm.Movz(7, 2));
        cpu.SetX(6, PagesOfOneSlot.FrameA + 0x100);
        machine.Run(
            Asm.LdrW(8, 1), Asm.StrW(8, 1), Asm.StrW(8, 3), // writable in both levels, then in the second
            Asm.Blr(6), Asm.Mov(9, 7),
            Asm.StrW(5, 1), Asm.Isb,
            Asm.Blr(6));
        Assert.Equal(1UL, cpu.GetX(9));
        Assert.Equal(2UL, cpu.GetX(7));
    }

    [Fact]
    public void AnAccessThatLeavesItsPageIsNotServedAsOneThatDoesNot()
    {
        using var machine = Make(out PageTables tables);
        Vcpu cpu = machine.Cpu;
        tables.Map(PagesOfOneSlot.A + 0x1000, PagesOfOneSlot.OtherFrame, PagesOfOneSlot.Normal);
        machine.Write64(PagesOfOneSlot.FrameA + 0xFF8, 0x1111_1111_1111_1111);
        machine.Write64(PagesOfOneSlot.OtherFrame, 0x2222_2222_2222_2222);
        cpu.SetX(1, PagesOfOneSlot.A);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(5, PagesOfOneSlot.A + 0xFFC);
        machine.Run(Asm.Ldr(2, 1), Asm.Ldr(4, 3), Asm.Ldr(7, 5));
        Assert.Equal(0x2222_2222_1111_1111UL, cpu.GetX(7));
    }

    /// <summary>A load and stores that share a probe for writing, on a page that may only be read: the load finds the page, the store must not use what it found.</summary>
    [Fact]
    public void AStoreBehindALoadOfAReadOnlyPageFaults()
    {
        using var machine = Make(out PageTables tables);
        Vcpu cpu = machine.Cpu;
        tables.Map(PagesOfOneSlot.A, PagesOfOneSlot.FrameA, PagesOfOneSlot.Normal | PageTables.ReadOnly);
        cpu.SetX(1, PagesOfOneSlot.A);
        const uint Store8 = 0xF900_0424, Store16 = 0xF900_0824, Store24 = 0xF900_0C24; // str x4, [x1, #8]
        machine.Run(Asm.Ldr(2, 1), Asm.B(4), Asm.Ldr(3, 1), Store8, Store16, Store24);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(PagesOfOneSlot.A + 8, machine.Far);
        Assert.Equal(0UL, machine.Read64(PagesOfOneSlot.FrameA + 8));
    }

    /// <summary>Random fills and flushes against a dictionary: nothing is found that was dropped, and host addresses are those that were filled in last.</summary>
    /// <param name="frames">Host pages: with few each is mapped at many addresses, with many at one.</param>
    /// <param name="banks">As many times, their numbers have the same low bits.</param>
    [Theory]
    [InlineData(64, 1)]
    [InlineData(5_000, 1)]
    [InlineData(64, 4)]
    [InlineData(2_000, 4)]
    public unsafe void NothingThatWasDroppedIsFound(int frames, int banks)
    {
        using var machine = new TestMachine();
        InlineTlb tlb = new(machine.Cpu.Context);
        Random random = new(7);
        Dictionary<(int Index, bool Write, ulong Page), (ulong Host, bool NonGlobal)> filled = [];
        for (int step = 0; step < 200_000; step++)
        {
            ulong page = ((ulong)random.Next(6) << 24 | (ulong)random.Next(40) << 12) | (random.Next(4) == 0 ? 0xFFFF_0000_0000_0000 : 0);
            int index = random.Next(GuestContext.MmuIndexes);
            bool write = random.Next(2) != 0;
            switch (random.Next(2000))
            {
                case 0:
                    tlb.FlushAll();
                    filled.Clear();
                    break;
                case < 4:
                    tlb.FlushNonGlobal();
                    Drop(entry => entry.Value.NonGlobal);
                    break;
                case < 30:
                    tlb.FlushPage(page);
                    Drop(entry => entry.Key.Page == page);
                    break;
                case < 34:
                    // Blocks, short ranges, which are dropped part by part, and long ones.
                    if (random.Next(3) == 0)
                    {
                        ulong block = page & ~0x1F_FFFFUL;
                        tlb.FlushRange(block, block | 0x1F_FFFF);
                        Drop(entry => (entry.Key.Page & ~0x1F_FFFFUL) == block);
                        break;
                    }

                    ulong last = page + ((ulong)random.Next(random.Next(2) != 0 ? 1 << 25 : 1 << 21) & ~0xFFFUL) + 0xFFF;
                    tlb.FlushRange(page, last);
                    Drop(entry => entry.Key.Page >= page && entry.Key.Page <= last);
                    break;
                case < 60:
                    ulong host = filled.Count > 0 && random.Next(2) != 0 ? filled.ElementAt(random.Next(filled.Count)).Value.Host : Frame();
                    tlb.FlushWritesTo((byte*)host);
                    Drop(entry => entry.Key.Write && entry.Value.Host == host);
                    break;
                case < 1000:
                    (ulong Host, bool NonGlobal) value = (Frame(), random.Next(2) != 0);
                    tlb.Fill(index, write, page, (byte*)value.Host, value.NonGlobal);
                    filled[(index, write, page)] = value;
                    break;
                default:
                    ulong found = (ulong)tlb.Find(index, write, page | 0x123);
                    if (found != 0)
                        Assert.Equal(filled[(index, write, page)].Host | 0x123, found);
                    break;
            }
        }

        ulong Frame() => 0x1_0000_0000 | ((ulong)random.Next(banks) << 27) | ((ulong)random.Next(frames) << 12);

        void Drop(Predicate<KeyValuePair<(int Index, bool Write, ulong Page), (ulong Host, bool NonGlobal)>> isDropped)
        {
            foreach (var entry in filled.Where(entry => isDropped(entry)).ToList())
                filled.Remove(entry.Key);
        }
    }

    /// <summary>The first words of the two pages are 0x11 and 0x22.</summary>
    private static TestMachine Make(out PageTables tables, ulong attributes = PageTables.NonGlobal) => PagesOfOneSlot.Make(
        out tables,
        machine =>
        {
            machine.Write64(PagesOfOneSlot.FrameA, 0x11);
            machine.Write64(PagesOfOneSlot.FrameB, 0x22);
        },
        attributes);
}
