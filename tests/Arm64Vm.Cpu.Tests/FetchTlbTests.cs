using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>The second level of the fetch-side TLB: code pages that share a slot of the first find each other without a fetch, and what is invalidated is in neither.</summary>
public class FetchTlbTests
{
    private const uint Ret = 0xD65F_03C0;
    private const uint SubsX5 = 0xF100_04A5;

    [Fact]
    public void PagesThatShareASlotOfTheFirstLevelCallEachOtherInEmittedCode()
    {
        using var machine = Make(out _);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(5, 1000);
        machine.Run(Asm.Blr(1), Asm.Blr(3), SubsX5, BackIfNot0(3));
        Assert.Equal(101_000UL, cpu.GetX(6));
        Assert.InRange(machine.Fetches, 2L, 16L);
    }

    /// <summary>The first page is in the second level alone when it is mapped elsewhere and invalidated.</summary>
    [Theory]
    [InlineData(7, 1)] // VAE1
    [InlineData(7, 3)] // VAAE1
    [InlineData(7, 0)] // VMALLE1
    [InlineData(7, 2)] // ASIDE1
    [InlineData(3, 1)] // VAE1IS
    public void InvalidatedPagesAreForgotten(int crm, int op2)
    {
        using var machine = Make(out PageTables tables);
        Vcpu cpu = machine.Cpu;
        machine.Program(PagesOfOneSlot.OtherFrame, Asm.AddImm(6, 6, 7), Ret);
        cpu.SetX(9, tables.Slot(PagesOfOneSlot.A, 3));
        cpu.SetX(7, PagesOfOneSlot.OtherFrame | PagesOfOneSlot.Normal | PageTables.NonGlobal | 3);
        cpu.SetX(8, op2 == 2 ? 0 : PagesOfOneSlot.A >> 12);
        machine.Run(Asm.Blr(1), Asm.Blr(3), Asm.Str(7, 9), PagesOfOneSlot.DsbIsh, Asm.Sys(0, 8, crm, op2, op2 == 0 ? 31 : 8), PagesOfOneSlot.DsbIsh, Asm.Isb, Asm.Blr(1));
        Assert.Equal(108UL, cpu.GetX(6));
    }

    /// <summary>Twice in turn, since what is invalidated once is forgotten as long as no code runs there: the block has to be noted again.</summary>
    [Fact]
    public void ABlockThatIsMappedElsewhereIsForgottenEachTime()
    {
        const ulong Block = 0x0100_0000, First = TestMachine.Ram + PageTables.BlockSize, Second = First + PageTables.BlockSize;
        using TestMachine machine = new(emitted: true);
        var tables = PageTables.OfFlatRam(machine, TestMachine.Ram + 0x10_0000, 4 * PageTables.BlockSize);
        ulong slot = tables.Map(Block, First, PageTables.Normal, level: 2);
        tables.Enable();
        machine.Program(First + 0x5000, Asm.AddImm(6, 6, 1), Ret);
        machine.Program(Second + 0x5000, Asm.AddImm(6, 6, 100), Ret);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, Block + 0x5000);
        cpu.SetX(7, First | PageTables.Normal | 1);
        cpu.SetX(8, (Block + 0x9000) >> 12);
        cpu.SetX(9, slot);
        cpu.SetX(10, Second | PageTables.Normal | 1);
        uint[] invalidate = [PagesOfOneSlot.DsbIsh, Asm.Sys(0, 8, 7, 1, 8), PagesOfOneSlot.DsbIsh, Asm.Isb];
        machine.Run([
            Asm.Blr(1), Asm.Blr(1), Asm.Str(10, 9), .. invalidate, Asm.Blr(1), Asm.Blr(1),
            Asm.Str(7, 9), .. invalidate, Asm.Blr(1), Asm.Str(10, 9), .. invalidate, Asm.Blr(1)]);
        Assert.Equal(303UL, cpu.GetX(6));
    }

    /// <summary>A program's code is in a block for its parent and in pages for itself, which invalidates one of them after it was mapped elsewhere.</summary>
    [Fact]
    public void APageThatIsPartOfABlockElsewhereIsForgotten()
    {
        const ulong Block = 0x0100_0000, Code = Block + 0x10_0000, Frames = TestMachine.Ram + PageTables.BlockSize, Other = Frames + PageTables.BlockSize;
        using TestMachine machine = new(emitted: true);
        var parent = PageTables.OfFlatRam(machine, TestMachine.Ram + 0x10_0000, 4 * PageTables.BlockSize);
        var child = PageTables.OfFlatRam(machine, TestMachine.Ram + 0x18_0000, 4 * PageTables.BlockSize);
        parent.Map(Block, Frames, PageTables.Normal | PageTables.NonGlobal, level: 2);
        ulong slot = child.Map(Code, Frames + 0x10_0000, PageTables.Normal | PageTables.NonGlobal);
        parent.Enable();
        machine.Program(Frames + 0x5000, Asm.AddImm(6, 6, 1), Ret);
        machine.Program(Frames + 0x10_0000, Asm.AddImm(6, 6, 10), Ret);
        machine.Program(Other, Asm.AddImm(6, 6, 100), Ret);
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, Block + 0x5000);
        cpu.SetX(2, Code);
        cpu.SetX(7, Other | PageTables.Normal | PageTables.NonGlobal | 3);
        cpu.SetX(8, (5UL << 48) | (Code >> 12));
        cpu.SetX(9, slot);
        cpu.SetX(10, child.Root | (5UL << 48));
        machine.Run(
            Asm.Blr(1), Asm.Msr(3, 0, 2, 0, 0, 10), Asm.Isb, Asm.Blr(2),
            Asm.Str(7, 9), PagesOfOneSlot.DsbIsh, Asm.Sys(0, 8, 7, 1, 8), PagesOfOneSlot.DsbIsh, Asm.Isb, Asm.Blr(2));
        Assert.Equal(111UL, cpu.GetX(6));
    }

    /// <summary>Tags do not say of which branch type an entry is, so that of another type must be in another slot, or a target would be entered that the type may not reach.</summary>
    [Fact]
    public unsafe void BranchTypesOfAPageNeverShareASlotOfTheSecondLevel()
    {
        using var machine = new TestMachine();
        GuestContext* context = machine.Cpu.Context;
        Random random = new(3);
        for (int i = 0; i < 100_000; i++)
        {
            ulong page = (ulong)random.NextInt64() & ~0xFFFUL;
            Assert.Equal((int)FetchTlb.Types, Enumerable.Range(0, (int)FetchTlb.Types).Select(type => (nint)FetchTlb.OuterSlot(context, page, (uint)type)).Distinct().Count());
        }
    }

    /// <summary>Random fills and flushes against a dictionary: nothing is found that was dropped, and entries are those that were filled in last.</summary>
    [Fact]
    public unsafe void NothingThatWasDroppedIsFound()
    {
        using var machine = new TestMachine();
        GuestContext* context = machine.Cpu.Context;
        Random random = new(11);
        Dictionary<(ulong Page, uint Type, ulong Name), ulong> filled = [];
        int found = 0;
        for (int step = 0; step < 200_000; step++)
        {
            ulong page = ((ulong)random.Next(6) << 24 | (ulong)random.Next(40) << 12) | (random.Next(4) == 0 ? 0x00FF_0000_0000_0000UL : 0);
            uint type = (uint)random.Next((int)FetchTlb.Types);
            context->ContextTag = (ulong)random.Next(1, 4) << FetchTlb.NameShift;
            switch (random.Next(2000))
            {
                case 0:
                    FetchTlb.FlushAll(context);
                    filled.Clear();
                    break;
                case < 30:
                    FetchTlb.FlushPage(context, page | (0x5AUL << 56));
                    Drop(key => key.Page == page);
                    break;
                case < 36:
                    ulong last = page + ((ulong)random.Next(1 << 25) & ~0xFFFUL) + 0xFFF;
                    FetchTlb.FlushRange(context, page, last);
                    Drop(key => key.Page >= page && key.Page <= last);
                    break;
                case < 42:
                    ulong block = page & ~0x1F_FFFFUL;
                    ulong parts = random.Next(2) != 0 ? 2UL : (ulong)random.NextInt64() | 1;
                    FetchTlb.FlushParts(context, block, parts, partShift: 15);
                    Drop(key => (key.Page & ~0x1F_FFFFUL) == block && (parts >> (int)(key.Page >> 15 & 63) & 1) != 0);
                    break;
                case < 1000:
                    ulong entries = (ulong)random.NextInt64();
                    FetchTlb.Fill(context, page, type, (uint*)entries);
                    filled[(page, type, context->ContextTag)] = entries;
                    break;
                default:
                    ulong hit = (ulong)FetchTlb.Find(context, page | 0x124, type);
                    if (hit == 0)
                        break;
                    Assert.Equal(filled[(page, type, context->ContextTag)], hit);
                    found++;
                    break;
            }
        }

        Assert.InRange(found, 5_000, 100_000);

        void Drop(Predicate<(ulong Page, uint Type, ulong Name)> isDropped)
        {
            foreach (var key in filled.Keys.Where(key => isDropped(key)).ToList())
                filled.Remove(key);
        }
    }

    /// <summary>b.ne, so many instructions back.</summary>
    private static uint BackIfNot0(int instructions) => 0x5400_0001 | (((uint)-instructions & 0x7_FFFF) << 5);

    /// <summary>The two pages add 1 and 100 to X6; X1 and X3 point to them.</summary>
    private static TestMachine Make(out PageTables tables)
    {
        TestMachine machine = PagesOfOneSlot.Make(
            out tables,
            made =>
            {
                made.Program(PagesOfOneSlot.FrameA, Asm.AddImm(6, 6, 1), Ret);
                made.Program(PagesOfOneSlot.FrameB, Asm.AddImm(6, 6, 100), Ret);
            });
        machine.Cpu.SetX(1, PagesOfOneSlot.A);
        machine.Cpu.SetX(3, PagesOfOneSlot.B);
        machine.Cpu.SetX(6, 0);
        return machine;
    }
}
