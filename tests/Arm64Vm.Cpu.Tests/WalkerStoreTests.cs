namespace Arm64Vm.Cpu.Tests;

/// <summary>Stores of the page walker are stores: code that was translated from a descriptor is stale after them.</summary>
public sealed class WalkerStoreTests
{
    private const ulong Tables = TestMachine.Ram + 0x40_0000;
    private const ulong Page = 0x2000;

    /// <summary>Where the output address begins like an ADD: bit 10, the access flag, is the lowest of its immediate, and bit 7 of its register.</summary>
    private const ulong Output = 0x9100_0000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAccessFlagChangesCodeThatWasTranslated(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        ulong slot = MakeTables(machine, PageTables.Shareable);
        machine.Cpu.SetX(24, 100);
        Assert.Equal(100UL, RunDescriptor(machine, slot));
        machine.Cpu.SetX(6, Page);
        machine.Run(Asm.LdrW(5, 6));
        Assert.Equal(PageTables.Accessed, machine.Read64(slot) & PageTables.Accessed);
        Assert.Equal(101UL, RunDescriptor(machine, slot));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADirtyStateChangesCodeThatWasTranslated(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        ulong slot = MakeTables(machine, PageTables.Shareable | PageTables.Accessed | PageTables.ReadOnly | PageTables.Dirty);
        machine.Cpu.SetX(24, 100);
        machine.Cpu.SetX(28, 200);
        Assert.Equal(201UL, RunDescriptor(machine, slot));
        machine.Cpu.SetX(6, Page);
        machine.Run(Asm.StrW(5, 6));
        Assert.Equal(0UL, machine.Read64(slot) & PageTables.ReadOnly);
        Assert.Equal(101UL, RunDescriptor(machine, slot));
    }

    private static ulong MakeTables(TestMachine machine, ulong attributes)
    {
        var tables = new PageTables(machine, Tables);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, PageTables.Shareable | PageTables.Accessed);
        tables.MapRange(Tables, Tables, 0x1_0000, PageTables.Shareable | PageTables.Accessed);
        ulong slot = tables.Map(Page, Output, attributes);
        tables.Enable(tcrBits: (1UL << 39) | (1UL << 40));
        return slot;
    }

    /// <summary>Runs the lower word of a descriptor, which is ADD X3, X24 or X28, #0 or #1; the upper one is undefined and stops.</summary>
    private static ulong RunDescriptor(TestMachine machine, ulong slot)
    {
        machine.Cpu.SetX(3, 0);
        machine.Cpu.SetX(7, slot);
        machine.Run(Asm.Br(7));
        Assert.Equal(slot + 4, machine.Elr);
        return machine.Cpu.GetX(3);
    }
}
