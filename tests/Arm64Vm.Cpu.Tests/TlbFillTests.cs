namespace Arm64Vm.Cpu.Tests;

/// <summary>An access that leaves emitted code fills more than its page: for stores too, and ahead of one that goes upwards through a block. No more than may be reached.</summary>
public class TlbFillTests
{
    private const ulong Tables = TestMachine.Ram + 0x60_0000;
    private const ulong Normal = PageTables.Normal;
    private const ulong BlockSize = PageTables.BlockSize;

    /// <summary>A block of RAM, behind which nothing is mapped.</summary>
    private const ulong Block = 0x0100_0000;
    private const ulong Frames = TestMachine.Ram + BlockSize;
    private const uint NextPage = 0x9140_0421; // add x1, x1, #1, lsl #12
    private const uint LoopOfFour = 0x54FF_FFA1; // b.ne .-12
    private const uint SubsX5 = 0xF100_04A5;

    /// <summary>Address of the block's descriptor.</summary>
    private ulong _slot;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BlocksThatAreGoneThroughLeaveEmittedCodeOnceForEach64KiB(bool stores)
    {
        using var machine = Make(Normal);
        GoThrough(machine, Block, 64, stores);
        Assert.Equal(Block + (64 << 12), machine.Cpu.GetX(1));
        Assert.InRange(machine.MemoryExits, 4, 6);
        if (stores)
        {
            for (ulong page = 0; page < 64; page++)
                Assert.Equal(0x5AUL, machine.Read64(Frames + (page << 12)));
        }
    }

    [Fact]
    public void RamIsGoneThroughAlikeWhileTranslationIsOff()
    {
        using TestMachine machine = new(emitted: true);
        GoThrough(machine, Frames, 64, stores: true);
        Assert.InRange(machine.MemoryExits, 4, 6);
        Assert.Equal(0x5AUL, machine.Read64(Frames + (63 << 12)));
    }

    /// <summary>RAM ends there: the store behind it is not done, and none before it is lost.</summary>
    [Fact]
    public void WhatIsBehindRamIsNotReached()
    {
        const ulong End = TestMachine.Ram + (16 << 20);
        using TestMachine machine = new(emitted: true);
        GoThrough(machine, End - (20 << 12), 24, stores: true);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(End, machine.Far);
        Assert.Equal(0x5AUL, machine.Read64(End - 4096));
    }

    [Fact]
    public void PagesThatAreSkippedAreNotFilled()
    {
        using var machine = Make(Normal);
        machine.Cpu.SetX(1, Block);
        machine.Run(Asm.Ldr(2, 1), NextPage, NextPage, Asm.Ldr(2, 1), NextPage, NextPage, Asm.Ldr(2, 1));
        Assert.Equal(3, machine.MemoryExits);
    }

    [Fact]
    public void AStoreToAPageThatWasReadStaysInEmittedCode()
    {
        using var machine = Make(Normal);
        machine.Cpu.SetX(1, Block);
        machine.Cpu.SetX(2, 7);
        machine.Run(Asm.Ldr(3, 1), Asm.B(4), Asm.Str(2, 1));
        Assert.Equal(1, machine.MemoryExits);
        Assert.Equal(7UL, machine.Read64(Frames));
    }

    [Fact]
    public void AStoreToAPageThatMayOnlyBeReadFaults()
    {
        using var machine = Make(Normal | PageTables.ReadOnly);
        machine.Cpu.SetX(1, Block);
        machine.Run(Asm.Ldr(3, 1), Asm.B(4), Asm.Str(2, 1));
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(Block, machine.Far);
    }

    [Fact]
    public void WhatIsBehindTheBlockIsNotReached()
    {
        using var machine = Make(Normal);
        GoThrough(machine, Block + BlockSize - (20 << 12), 24, stores: true);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(Block + BlockSize, machine.Far);
        Assert.Equal(0UL, machine.Read64(Frames + BlockSize));
    }

    /// <summary>A page ahead of the stores has code, which one of them changes.</summary>
    [Fact]
    public void StoresToCodeAheadAreNoticed()
    {
        using var machine = Make(Normal);
        ulong code = Frames + (9 << 12) + 0x800;
        machine.Program(code, Asm.Movz(7, 1), Asm.Ret);
        machine.Cpu.SetX(1, Block + 0x800);
        machine.Cpu.SetX(2, Asm.Movz(7, 2));
        machine.Cpu.SetX(5, 16);
        machine.Cpu.SetX(6, code);
        machine.Run(Asm.Blr(6), Asm.Mov(9, 7), Asm.StrW(2, 1), NextPage, SubsX5, LoopOfFour, Asm.Isb, Asm.Blr(6));
        Assert.Equal(1UL, machine.Cpu.GetX(9));
        Assert.Equal(2UL, machine.Cpu.GetX(7));
    }

    /// <summary>What was filled ahead goes with the block that it came from.</summary>
    [Fact]
    public void InvalidatingOneAddressOfABlockForgetsPagesAhead()
    {
        using var machine = Make(Normal);
        machine.Write64(Frames + BlockSize + 0x5000, 0x77);
        machine.Cpu.SetX(1, Block);
        machine.Cpu.SetX(5, 2);
        machine.Cpu.SetX(6, _slot);
        machine.Cpu.SetX(7, (Frames + BlockSize) | Normal | 1);
        machine.Cpu.SetX(8, (Block + 0x9000) >> 12);
        machine.Cpu.SetX(10, Block + 0x5000);
        const uint DsbIsh = 0xD503_3B9F;
        machine.Run(
            Asm.Ldr(2, 1), NextPage, SubsX5, LoopOfFour, Asm.Ldr(3, 10),
            Asm.Str(7, 6), DsbIsh, Asm.Sys(0, 8, 7, 1, 8), DsbIsh, Asm.Isb, Asm.Ldr(4, 10));
        Assert.Equal(0UL, machine.Cpu.GetX(3));
        Assert.Equal(0x77UL, machine.Cpu.GetX(4));
    }

    private static void GoThrough(TestMachine machine, ulong from, ulong pages, bool stores)
    {
        machine.Cpu.SetX(1, from);
        machine.Cpu.SetX(2, 0x5A);
        machine.Cpu.SetX(5, pages);
        machine.Run(stores ? Asm.Str(2, 1) : Asm.Ldr(2, 1), NextPage, SubsX5, LoopOfFour);
    }

    /// <summary>RAM by blocks at its own address, and a block elsewhere.</summary>
    private TestMachine Make(ulong attributes)
    {
        TestMachine machine = new(emitted: true);
        var tables = PageTables.OfFlatRam(machine, Tables, 4 * BlockSize);
        _slot = tables.Map(Block, Frames, attributes, level: 2);
        tables.Enable();
        return machine;
    }
}
