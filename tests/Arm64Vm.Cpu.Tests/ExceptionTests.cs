namespace Arm64Vm.Cpu.Tests;

public class ExceptionTests
{
    private const ulong Il = 1UL << 25;

    [Fact]
    public void RunsStraightCode()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.Movz(1, 41), Asm.AddImm(1, 1, 1));
        Assert.Equal(42UL, machine.Cpu.GetX(1));
        Assert.Equal(-1, machine.Vector);
    }

    [Fact]
    public void SupervisorCallReportsImmediateAndReturnsBehindItself()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.Nop, Asm.Svc(0x1234));
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal((0x15UL << 26) | Il | 0x1234, machine.Esr);
        Assert.Equal(TestMachine.Code + 8, machine.Elr);
        Assert.Equal(0x3C5UL, machine.Spsr & 0xFFF);
    }

    [Fact]
    public void BreakpointReturnsToItself()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.Brk(7));
        Assert.Equal((0x3CUL << 26) | Il | 7, machine.Esr);
        Assert.Equal(TestMachine.Code, machine.Elr);
    }

    [Theory]
    [InlineData(0x0000_0000u)]
    [InlineData(0xD400_0003u)]
    [InlineData(0xD400_0002u)]
    [InlineData(0xD440_0020u)]
    public void UnavailableInstructionsAreUndefined(uint word)
    {
        using var machine = new TestMachine();
        machine.Run(word);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(Il, machine.Esr);
        Assert.Equal(TestMachine.Code, machine.Elr);
    }

    [Fact]
    public void UnknownSystemRegisterIsUndefined()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.Mrs(1, 3, 0, 11, 15, 7));
        Assert.Equal(Il, machine.Esr);
    }

    [Fact]
    public void FloatTrapComesFromCpacr()
    {
        using var machine = new TestMachine();
        machine.Run(0x1E60_4020); // fmov d0, d1
        Assert.Equal((0x07UL << 26) | Il | 0x1E0_0000, machine.Esr);
        machine.SetSystem("CPACR_EL1", 3UL << 20);
        machine.Run(0x1E60_4020);
        Assert.Equal(-1, machine.Vector);
    }

    [Fact]
    public void ReturnDropsToEl0AndBanksStackPointers()
    {
        using var machine = new TestMachine();
        machine.Cpu.StackPointer = 0x1111_0000;
        machine.SetSystem("SP_EL0", 0x2222_0000);
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0x6000_0000);
        machine.Program(TestMachine.Data, Asm.AddImm(1, 31, 0), Asm.Svc(1));
        machine.Run(Asm.Eret);
        Assert.Equal(0x400, machine.Vector);
        Assert.Equal(0x2222_0000UL, machine.Cpu.GetX(1));
        Assert.Equal(0x1111_0000UL, machine.Cpu.StackPointer);
        Assert.Equal(1, machine.Cpu.ExceptionLevel);
        Assert.Equal(0x6000_0000UL, machine.Spsr);
    }

    [Fact]
    public void StackPointerZeroUsesFirstQuarterOfVectors()
    {
        using var machine = new TestMachine();
        machine.Run(Asm.MsrImm(0, 5, 0), Asm.Svc(0));
        Assert.Equal(0x000, machine.Vector);
        Assert.Equal(0x3C4UL, machine.Spsr & 0xFFF);
    }

    [Theory]
    [InlineData(0b1001u)] // EL2h
    [InlineData(0b1101u)] // EL3h
    [InlineData(0b0001u)] // EL0h
    [InlineData(0b1_0000u)] // AArch32 user
    public void IllegalReturnSetsIlAndFaultsAtTheTarget(uint mode)
    {
        using var machine = new TestMachine();
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0x8000_0000 | mode);
        machine.Run(Asm.Eret);
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal((0x0EUL << 26) | Il, machine.Esr);
        Assert.Equal(TestMachine.Data, machine.Elr);
        Assert.Equal(1UL << 20, machine.Spsr & (1UL << 20));
        Assert.Equal(0x8UL, machine.Spsr >> 28);
    }

    [Fact]
    public void MisalignedPcFaultsWithItsAddress()
    {
        using var machine = new TestMachine();
        machine.Cpu.SetX(1, TestMachine.Data + 2);
        machine.Run(Asm.Br(1));
        Assert.Equal((0x22UL << 26) | Il, machine.Esr);
        Assert.Equal(TestMachine.Data + 2, machine.Far);
        Assert.Equal(TestMachine.Data + 2, machine.Elr);
    }

    [Fact]
    public void FetchFromNowhereIsAnExternalAbort()
    {
        using var machine = new TestMachine();
        machine.Cpu.SetX(1, 0x1000_0000);
        machine.Run(Asm.Br(1));
        Assert.Equal((0x21UL << 26) | Il | 0x10, machine.Esr);
        Assert.Equal(0x1000_0000UL, machine.Far);
    }

    [Fact]
    public void UserAccessToMaskBitsIsTrappedWithTheRegister()
    {
        using var machine = new TestMachine();
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Program(TestMachine.Data, Asm.Mrs(5, 3, 3, 4, 2, 1));
        machine.Run(Asm.Eret);

        // op0 3, op1 3, CRn 4, CRm 2, op2 1, Rt 5, read.
        ulong iss = (3UL << 20) | (1UL << 17) | (3UL << 14) | (4UL << 10) | (5UL << 5) | (2UL << 1) | 1;
        Assert.Equal((0x18UL << 26) | Il | iss, machine.Esr);
    }

    [Fact]
    public void UserWaitForInterruptIsTrapped()
    {
        using var machine = new TestMachine();
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", 0);
        machine.Program(TestMachine.Data, Asm.Nop, Asm.Wfi);
        machine.Run(Asm.Eret);
        Assert.Equal((0x01UL << 26) | Il | 0x1E0_0000, machine.Esr);
        Assert.Equal(TestMachine.Data + 4, machine.Elr);
    }

    [Fact]
    public void EntrySetsPanUnlessSpanAndMasksEverything()
    {
        using var machine = new TestMachine();
        machine.SetSystem("SCTLR_EL1", 0);
        machine.Run(Asm.DaifClear(15), Asm.Svc(0));
        Assert.Equal(0x3C0u | (1u << 22), machine.Cpu.ProcessorState & ((1u << 22) | 0x3C0));
        Assert.Equal(0UL, machine.Spsr & ((1UL << 22) | 0x3C0));
    }

    [Fact]
    public void InterruptIsTakenWhenUnmasked()
    {
        using var machine = new TestMachine();
        machine.Cpu.Irq.Set(true);
        machine.Run(Asm.Movz(1, 1), Asm.DaifClear(2), Asm.BranchSelf);
        Assert.Equal(0x280, machine.Vector);
        Assert.Equal(1UL, machine.Cpu.GetX(1));
        Assert.Equal(1UL, machine.Cpu.InterruptsTaken);
        Assert.Equal(0x80UL, machine.System("ISR_EL1"));
    }

    [Fact]
    public void FastInterruptGoesBeforeInterrupt()
    {
        using var machine = new TestMachine();
        machine.Cpu.Irq.Set(true);
        machine.Cpu.Fiq.Set(true);
        machine.Run(Asm.DaifClear(3), Asm.BranchSelf);
        Assert.Equal(0x300, machine.Vector);
    }

    [Fact]
    public void WaitForInterruptSleepsUntilALineRisesAlsoWhenMasked()
    {
        using var machine = new TestMachine();
        machine.Program(TestMachine.Code, Asm.Wfi, Asm.Movz(1, 7), Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        Thread runner = machine.Start();
        Assert.False(runner.Join(50));
        machine.Cpu.Irq.Set(true);
        Assert.True(runner.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(7UL, machine.Cpu.GetX(1));
        Assert.Equal(0UL, machine.Cpu.InterruptsTaken);
    }

    [Theory]
    [InlineData(Asm.Wfi)]
    [InlineData(Asm.Wfe)]
    [InlineData(Asm.Nop)]
    public void StopRequestEndsWaitsAndLoops(uint word)
    {
        using var machine = new TestMachine();
        machine.Program(TestMachine.Code, word, Asm.B(-4));
        machine.Cpu.Pc = TestMachine.Code;
        Thread runner = machine.Start();
        Thread.Sleep(30);
        machine.Cpu.RequestStop(VcpuStop.Paused);
        Assert.True(runner.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(VcpuReturn.Paused, machine.Stop);
    }

    [Fact]
    public void VectorsThatFaultForeverCanBeStopped()
    {
        using var machine = new TestMachine();
        machine.SetSystem("VBAR_EL1", 0x1000_0000);
        machine.Program(TestMachine.Code, Asm.Svc(0));
        machine.Cpu.Pc = TestMachine.Code;
        Thread runner = machine.Start();
        Thread.Sleep(30);
        machine.Cpu.RequestStop(VcpuStop.Paused);
        Assert.True(runner.Join(TimeSpan.FromSeconds(20)));
        Assert.Equal(VcpuReturn.Paused, machine.Stop);
    }

    [Fact]
    public void SemihostingWritesAndExitsWithAStatus()
    {
        using var machine = new TestMachine();
        machine.Memory.TryWrite(TestMachine.Data, "hello\0"u8);
        machine.Write64(TestMachine.Data + 64, 0x20026);
        machine.Write64(TestMachine.Data + 72, 5);
        machine.Cpu.SetX(2, TestMachine.Data + 64);
        machine.Cpu.SetX(1, TestMachine.Data);
        machine.Run(Asm.Movz(0, 4), Asm.Hlt(0xF000), Asm.AddImm(1, 2, 0), Asm.Movz(0, 0x18));
        Assert.Equal("hello"u8.ToArray(), machine.Output);
        Assert.Equal(5, machine.Cpu.ExitCode);
    }

    /// <summary>A string without an end, and more bytes than a call transfers; the call says how many are left.</summary>
    [Fact]
    public void SemihostingTransfersAreBounded()
    {
        const int Text = 3 << 20;
        const ulong Block = TestMachine.Data - 0x100;
        using var machine = new TestMachine();
        byte[] text = [.. Enumerable.Repeat((byte)'a', Text)];
        Assert.True(machine.Memory.TryWrite(TestMachine.Data, text));
        machine.Cpu.SetX(1, TestMachine.Data);
        machine.Run(Asm.Movz(0, 4), Asm.Hlt(0xF000), Asm.Movz(0, 0x18));
        Assert.Equal(64 << 10, machine.Output.Count);

        machine.Output.Clear();
        machine.Write64(Block, 1);
        machine.Write64(Block + 8, TestMachine.Data);
        machine.Write64(Block + 16, Text);
        machine.Cpu.SetX(1, Block);
        machine.Run(Asm.Movz(0, 5), Asm.Hlt(0xF000), Asm.AddImm(2, 0, 0), Asm.Movz(0, 0x18));
        Assert.Equal((1 << 20, (ulong)(Text - (1 << 20))), (machine.Output.Count, machine.Cpu.GetX(2)));
    }

    /// <summary>A process must not end the machine, nor read what is typed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SemihostingAtEl0IsUndefinedUnlessAllowed(bool allowed)
    {
        using var machine = new TestMachine(new VcpuOptions { HasUserSemihosting = allowed });

        // SYS_EXIT, from here or from the vector.
        machine.RunFrom(0, Asm.Hlt(0xF000));
        Assert.Equal(allowed ? -1 : 0x400, machine.Vector);
        if (!allowed)
            Assert.Equal((0x0200_0000UL, TestMachine.Data), (machine.Esr, machine.Elr));
    }

    [Fact]
    public void SavedStateGoesOnInAnotherProcessor()
    {
        using var first = new TestMachine();
        first.Cpu.SetX(3, 99);
        first.SetSystem("TPIDR_EL0", 0x77);
        first.SetSystem("TTBR0_EL1", 0x4400_0000);
        first.Cpu.StackPointer = 0x5000;
        first.Run(Asm.DaifClear(2), Asm.Svc(3));
        VcpuState state = first.Cpu.Save();

        using var second = new TestMachine();
        second.Cpu.Restore(state);
        Assert.Equal(99UL, second.Cpu.GetX(3));
        Assert.Equal(0x77UL, second.System("TPIDR_EL0"));
        Assert.Equal(0x4400_0000UL, second.System("TTBR0_EL1"));
        Assert.Equal(0x5000UL, second.Cpu.StackPointer);
        Assert.Equal(first.Cpu.Pc, second.Cpu.Pc);
        Assert.Equal(first.Cpu.ProcessorState, second.Cpu.ProcessorState);
        Assert.Equal(first.Esr, second.Esr);
        second.Program(TestMachine.Code + 8, Asm.Movz(4, 4), Asm.Hlt(0xF000));
        second.Program(second.Cpu.Pc, Asm.Eret);
        second.Resume();
        Assert.Equal(4UL, second.Cpu.GetX(4));
        Assert.Equal(0u, second.Cpu.ProcessorState & 0x80);
    }
}
