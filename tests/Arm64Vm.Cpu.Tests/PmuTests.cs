namespace Arm64Vm.Cpu.Tests;

public class PmuTests
{
    private const ulong Cycle = 1UL << 31;
    private const ulong CyclesEvent = 0x11;
    private const ulong NotPrivileged = 1UL << 31;

    [Fact]
    public void CycleCounterIsTheClockWhileEnabled()
    {
        var clock = new FakeClock();
        using TestMachine machine = Make(clock, new FakeLine());
        clock.Advance(100);
        Assert.Equal(0UL, machine.System("PMCCNTR_EL0"));
        machine.SetSystem("PMCR_EL0", 1);
        machine.SetSystem("PMCNTENSET_EL0", Cycle);
        clock.Advance(1000);
        Assert.Equal(1000UL, machine.System("PMCCNTR_EL0"));
        machine.SetSystem("PMCNTENCLR_EL0", Cycle);
        clock.Advance(1000);
        Assert.Equal(1000UL, machine.System("PMCCNTR_EL0"));

        // PMCR_EL0.C resets; N and LC read back.
        machine.SetSystem("PMCR_EL0", 4);
        Assert.Equal(0UL, machine.System("PMCCNTR_EL0"));
        Assert.Equal((6UL << 11) | (1 << 6), machine.System("PMCR_EL0"));
    }

    [Fact]
    public void OverflowRaisesTheInterruptAtItsTimeAndClearingLowersIt()
    {
        var clock = new FakeClock();
        var line = new FakeLine();
        using TestMachine machine = Make(clock, line);
        machine.SetSystem("PMEVTYPER2_EL0", CyclesEvent);
        machine.SetSystem("PMEVCNTR2_EL0", 0xFFFF_FF00);
        machine.SetSystem("PMINTENSET_EL1", 4);
        machine.SetSystem("PMCNTENSET_EL0", 4);
        machine.SetSystem("PMCR_EL0", 1);
        clock.Advance(255);
        Look(machine);
        Assert.False(line.IsAsserted);
        clock.Advance(1);
        Look(machine);
        Assert.True(line.IsAsserted);
        Assert.Equal(4UL, machine.System("PMOVSCLR_EL0"));
        machine.SetSystem("PMOVSCLR_EL0", 4);
        Assert.False(line.IsAsserted);
        Assert.Equal(0x1_0000_0000UL, machine.System("PMEVCNTR2_EL0"));

        // PMCR_EL0.LP: now the counter has 64 bits.
        machine.SetSystem("PMCR_EL0", 0x81);
        machine.SetSystem("PMEVCNTR2_EL0", ulong.MaxValue - 9);
        clock.Advance(9);
        Look(machine);
        Assert.False(line.IsAsserted);
        clock.Advance(1);
        Look(machine);
        Assert.True(line.IsAsserted);
        machine.SetSystem("PMCR_EL0", 0);
        Assert.False(line.IsAsserted);
    }

    /// <summary>The clock's timer made the processor look: it does so at the next poll, and here stops at once.</summary>
    private static void Look(TestMachine machine)
    {
        machine.Cpu.RequestStop(VcpuStop.Paused);
        Assert.Equal(VcpuReturn.Paused, machine.Cpu.Run().Reason);
    }

    [Fact]
    public void CounterOfOneLevelCountsOnlyThere()
    {
        var clock = new FakeClock();
        using TestMachine machine = Make(clock, new FakeLine());
        machine.SetSystem("PMCCFILTR_EL0", NotPrivileged);
        machine.SetSystem("PMCNTENSET_EL0", Cycle);
        machine.SetSystem("PMCR_EL0", 1);
        clock.Advance(500);
        Assert.Equal(0UL, machine.System("PMCCNTR_EL0"));

        // EL0 waits until the clock has moved, seen through its own view of the counter.
        machine.SetSystem("PMUSERENR_EL0", 1);
        machine.Program(TestMachine.Data, Asm.Mrs(1, 3, 3, 9, 13, 0), 0xB400_0000 | (unchecked((uint)-1) << 5 & 0xFF_FFE0) | 1, Asm.Svc(0)); // cbz x1, .-4
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Program(TestMachine.Code, Asm.Eret);
        machine.Cpu.Pc = TestMachine.Code;
        Thread runner = machine.Start();

        // Whenever the guest gets there: what passes before does not count.
        for (int i = 0; i < 1000 && !runner.Join(20); i++)
            clock.Advance(700);
        ulong counted = machine.Cpu.GetX(1);
        Assert.NotEqual(0UL, counted);
        Assert.Equal(0UL, counted % 700);
        ulong after = machine.System("PMCCNTR_EL0");
        clock.Advance(700);
        Assert.Equal(after, machine.System("PMCCNTR_EL0"));
    }

    [Fact]
    public void SoftwareIncrementsAndChains()
    {
        using TestMachine machine = Make(new FakeClock(), new FakeLine());
        machine.SetSystem("PMEVTYPER0_EL0", 0);
        machine.SetSystem("PMEVCNTR0_EL0", 0xFFFF_FFFE);
        machine.SetSystem("PMEVTYPER1_EL0", 0x1E);
        machine.SetSystem("PMCNTENSET_EL0", 3);
        machine.SetSystem("PMCR_EL0", 1);
        for (int i = 0; i < 3; i++)
            machine.SetSystem("PMSWINC_EL0", 0xFF);
        Assert.Equal(1UL, machine.System("PMEVCNTR0_EL0") & 0xFFFF_FFFF);
        Assert.Equal(1UL, machine.System("PMEVCNTR1_EL0"));
        Assert.Equal(1UL, machine.System("PMOVSSET_EL0"));
        machine.SetSystem("PMSELR_EL0", 1);
        Assert.Equal(0x1EUL, machine.System("PMXEVTYPER_EL0"));
        Assert.Equal(1UL, machine.System("PMXEVCNTR_EL0"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RetiredInstructionsAreCountedWhileWanted(bool emitted)
    {
        using var machine = new TestMachine(new VcpuOptions { Clock = new FakeClock(), PmuInterrupt = new FakeLine() }, emitted: emitted);
        machine.SetSystem("PMEVTYPER3_EL0", 0x08);
        machine.SetSystem("PMEVTYPER4_EL0", 0x08 | NotPrivileged);
        machine.SetSystem("PMCR_EL0", 1);

        // 1000 rounds of two instructions at EL0, enabled from EL1 just before and stopped just after.
        machine.Cpu.SetX(2, 0x18);
        machine.Program(TestMachine.Vectors + 0x400, Asm.Msr(3, 3, 9, 12, 2, 2), Asm.Hlt(0xF000));
        machine.Program(TestMachine.Data, Asm.Movz(1, 1000), 0xF100_0421, 0x5400_0000 | (unchecked((uint)-1) << 5 & 0xFF_FFE0) | 1, Asm.Svc(0)); // subs x1, x1, #1; b.ne
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Run(Asm.Msr(3, 3, 9, 12, 1, 2), Asm.Eret);
        Assert.InRange(machine.System("PMEVCNTR4_EL0"), 2000UL, 2010UL);
        Assert.InRange(machine.System("PMEVCNTR3_EL0"), 2001UL, 2015UL);

        // Not wanted: not counted.
        ulong before = machine.System("PMEVCNTR3_EL0");
        machine.Run(Asm.Nop, Asm.Nop);
        Assert.Equal(before, machine.System("PMEVCNTR3_EL0"));
    }

    [Theory]
    [InlineData(0u, 0xD53B_9D05u, true)] // mrs x5, pmccntr_el0
    [InlineData(4u, 0xD53B_9D05u, false)]
    [InlineData(4u, 0xD51B_9D05u, true)] // msr pmccntr_el0, x5
    [InlineData(1u, 0xD51B_9D05u, false)]
    [InlineData(2u, 0xD51B_9C85u, false)] // msr pmswinc_el0, x5
    [InlineData(8u, 0xD51B_9C85u, true)]
    [InlineData(8u, 0xD53B_E805u, false)] // mrs x5, pmevcntr0_el0
    [InlineData(0u, 0xD53B_9E05u, false)] // mrs x5, pmuserenr_el0
    public void UserEnableDecidesWhatEl0MayUse(uint enable, uint word, bool trapped)
    {
        using TestMachine machine = Make(new FakeClock(), new FakeLine());
        machine.SetSystem("PMUSERENR_EL0", enable);
        machine.RunFrom(0, word, Asm.Svc(0));
        Assert.Equal(trapped ? 0x18UL : 0x15UL, machine.Esr >> 26);
    }

    [Fact]
    public void StateSurvivesSaveAndRestoreWhileCounting()
    {
        var clock = new FakeClock();
        using TestMachine first = Make(clock, new FakeLine());
        first.SetSystem("PMCNTENSET_EL0", Cycle);
        first.SetSystem("PMCR_EL0", 1);
        clock.Advance(10);
        VcpuState state = first.Cpu.Save();
        clock.Advance(1000);
        using TestMachine second = Make(clock, new FakeLine());
        second.Cpu.Restore(state);
        clock.Advance(5);
        Assert.Equal(15UL, second.System("PMCCNTR_EL0"));
    }

    [Fact]
    public void TimerThatFiresAfterTheEndTouchesNothing()
    {
        var clock = new FakeClock();
        var line = new FakeLine();
        using (TestMachine machine = Make(clock, line))
        {
            machine.SetSystem("PMCCNTR_EL0", ulong.MaxValue - 10);
            machine.SetSystem("PMINTENSET_EL1", Cycle);
            machine.SetSystem("PMCNTENSET_EL0", Cycle);
            machine.SetSystem("PMCR_EL0", 1);
        }

        clock.Advance(1000);
        Assert.False(line.IsAsserted);
    }

    private static TestMachine Make(FakeClock clock, FakeLine line) => new(new VcpuOptions { Clock = clock, PmuInterrupt = line });
}
