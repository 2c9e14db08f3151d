namespace Arm64Vm.Cpu.Tests;

/// <summary>After exceptions and returns code on pages that ran before is found under the context's name, without a fetch, and only where it may run.</summary>
public class NamedFetchTests
{
    private const uint El1 = 0x3C5;
    private const uint El0 = 0x3C0;
    private const uint Calls = 50;

    /// <summary>X1 calls, each an exception and a return.</summary>
    private static uint[] CallLoop => [Asm.Movz(1, Calls), Asm.Svc(1), SubtractOne(1), Cbnz(1, -8), Asm.Hlt(0xF000)];

    [Theory]
    [InlineData(El1, 0x200)]
    [InlineData(El0, 0x400)]
    public void CallsAndReturnsFetchOnce(uint spsr, int vector)
    {
        using var machine = new TestMachine(new VcpuOptions { HasUserSemihosting = true }, emitted: true);
        machine.Write32(TestMachine.Vectors + (ulong)vector, Asm.Eret);
        machine.RunFrom(spsr, CallLoop);
        Assert.Equal(-1, machine.Vector);
        Assert.InRange(machine.Fetches, 1L, 12L);
    }

    /// <summary>A page that EL1 has run is not for EL0 to run, whatever it is named.</summary>
    [Fact]
    public void PrivilegedPageIsNotEnteredFromUserCode()
    {
        using var machine = new TestMachine(emitted: true);
        var tables = new PageTables(machine, TestMachine.Ram + 0x10_0000);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, PageTables.Accessed | PageTables.Shareable | PageTables.Uxn);
        tables.Enable();
        for (var i = 0; i < 2; i++)
        {
            machine.RunFrom(El1, Asm.Hlt(0xF000));
            Assert.Equal(-1, machine.Vector);
            machine.RunFrom(El0, Asm.Hlt(0xF000));
            Assert.Equal(0x400, machine.Vector);
            Assert.Equal(0x20UL, machine.Esr >> 26);
        }
    }

    /// <summary>Single steps and breakpoints of the guest need every fetch.</summary>
    [Fact]
    public void StepIsTakenOnAPageThatRanBefore()
    {
        using var machine = new TestMachine(emitted: true);
        machine.RunFrom(El0, Asm.Mov(2, 3), Asm.Svc(1));
        Assert.Equal(0x400, machine.Vector);
        machine.SetSystem("OSLAR_EL1", 0);
        machine.SetSystem("MDSCR_EL1", 1);
        machine.RunFrom((El0 & ~0x200u) | (1u << 21), Asm.Mov(2, 3), Asm.Svc(1));
        Assert.Equal(0x32UL, machine.Esr >> 26);
        Assert.Equal(TestMachine.Data + 4, machine.Elr);
    }

    private static uint SubtractOne(int register) => 0xD100_0400 | ((uint)register << 5) | (uint)register;

    private static uint Cbnz(int register, int offset) => 0xB500_0000 | (((uint)(offset / 4) & 0x7FFFF) << 5) | (uint)register;
}
