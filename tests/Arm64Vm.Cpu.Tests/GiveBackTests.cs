using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>An idle processor gives the memory of its TLBs back: they are empty then, take next to none, and fill again.</summary>
public unsafe class GiveBackTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EmptyTablesTakeNoMemoryAndMatchNoAddress(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        Vcpu cpu = machine.Cpu;
        machine.Write64(TestMachine.Data, 0x11);
        cpu.SetX(1, TestMachine.Data);
        machine.Run(Asm.Ldr(2, 1), Asm.Str(2, 1));
        for (uint page = 0; page < 3000; page++)
        {
            // Where pages lie in the host does not matter: nothing is to use them.
            cpu.Stage1.Inline.Fill((int)page % GuestContext.MmuIndexes, page % 2 == 0, page * 0x1000, (byte*)cpu.Context, nonGlobal: page % 5 == 0);
        }

        Assert.True(cpu.GiveBack(code: true) > 500_000);
        for (uint page = 0; page < 3000; page++)
        {
            for (int index = 0; index < GuestContext.MmuIndexes; index++)
            {
                Assert.True(cpu.Stage1.Inline.Find(index, false, page * 0x1000) == null);
                Assert.True(cpu.Stage1.Inline.Find(index, true, page * 0x1000) == null);
            }
        }

        // Nothing but the first entry of each table, and what the search above has touched, which the host has zeros for: all is given again.
        cpu.GiveBack(code: true);
        Assert.InRange(MappingRelease.PresentBytes((byte*)cpu.Context + GuestContext.TlbOffset, GuestContext.TotalSize - GuestContext.TlbOffset), 0, GuestContext.MmuIndexes * 2 * 4096);

        machine.Run(Asm.Ldr(3, 1), Asm.Str(3, 1));
        Assert.Equal(0x11UL, cpu.GetX(3));
        foreach (uint access in (uint[])[Asm.Ldr(2, 1), Asm.Str(2, 1)])
        {
            // The first page is that of the entry which zeros do not suit.
            cpu.SetX(1, 0);
            machine.Run(access);
            Assert.Equal(0x200, machine.Vector);
            Assert.Equal(0UL, machine.Far);
        }
    }

    /// <summary>Mappings are walked anew, by the tables as they are then.</summary>
    [Fact]
    public void TranslationsAreForgotten()
    {
        using var machine = new TestMachine(emitted: true);
        Vcpu cpu = machine.Cpu;
        uint change = Asm.Movz(7, 2);
        machine.Program(TestMachine.Data, Asm.Movz(7, 1), Asm.Ret);
        cpu.SetX(6, TestMachine.Data);
        machine.Run(Asm.Blr(6));
        Assert.Equal(1UL, cpu.GetX(7));
        cpu.GiveBack(code: true);
        machine.Run(Asm.Blr(6));
        Assert.Equal(1UL, cpu.GetX(7));

        // A store to code that was translated before goes the slow way, and is seen.
        cpu.GiveBack(code: true);
        cpu.SetX(5, change);
        machine.Run(Asm.StrW(5, 6), Asm.Isb, Asm.Blr(6));
        Assert.Equal(2UL, cpu.GetX(7));
    }
}
