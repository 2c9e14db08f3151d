using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

/// <summary><see cref="Vcpu.Run"/> returns what it waits for, and until when; it never sleeps.</summary>
public sealed class RunResultTests
{
    private const uint Yield = 0xD503_203F;
    private const uint WfitX3 = 0xD503_1023;
    private const uint WfetX3 = 0xD503_1003;
    private const uint LdxrX4X5 = 0xC85F_7CA4;
    private const uint CbnzX4Back1 = 0xB5FF_FFE4;

    [Fact]
    public void WfiReturnsUntilALineComes()
    {
        using var machine = new TestMachine();
        Start(machine, Asm.Wfi, Asm.Movz(1, 7));
        Assert.Equal(new VcpuResult(VcpuReturn.WaitForInterrupt), machine.Cpu.Run());
        Assert.False(machine.Cpu.HasWork);
        Assert.Equal(new VcpuResult(VcpuReturn.WaitForInterrupt), machine.Cpu.Run());
        machine.Cpu.Irq.Set(true);
        Assert.True(machine.Cpu.HasWork);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
        Assert.Equal(7UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [InlineData(WfitX3, VcpuReturn.WaitForInterrupt)]
    [InlineData(WfetX3, VcpuReturn.WaitForEvent)]
    public void WaitsWithATimeoutReturnTheirDeadline(uint word, object reasonCase)
    {
        var reason = (VcpuReturn)reasonCase;
        var clock = new FakeClock();
        using var machine = new TestMachine(new VcpuOptions { Clock = clock });
        Start(machine, word, Asm.Movz(1, 7));
        machine.Cpu.SetX(3, 5000 * machine.Cpu.Model.TimerFrequency / 1_000_000_000);
        Assert.Equal(new VcpuResult(reason, 5000), machine.Cpu.Run());
        clock.Advance(4999);
        Assert.Equal(new VcpuResult(reason, 5000), machine.Cpu.Run());
        clock.Advance(1);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
        Assert.Equal(7UL, machine.Cpu.GetX(1));
    }

    /// <summary>EVNTEN with EVNTI 3: an event at each rising edge of bit 3 of the count, which is 8, 24, 40 …; with EVNTDIR at 16, 32, 48 ….</summary>
    [Theory]
    [InlineData(0u, 0UL, 8UL)]
    [InlineData(0u, 8UL, 24UL)]
    [InlineData(0u, 23UL, 24UL)]
    [InlineData(8u, 0UL, 16UL)]
    [InlineData(8u, 16UL, 32UL)]
    [InlineData(8u, 31UL, 32UL)]
    public void WfeReturnsTheNextEventOfTheCountersStream(uint direction, ulong now, ulong next)
    {
        var clock = new FakeClock();
        using var machine = new TestMachine(new VcpuOptions { Clock = clock });
        Assert.Equal(1_000_000_000UL, machine.Cpu.Model.TimerFrequency);
        machine.SetSystem("CNTKCTL_EL1", 4 | direction | (3 << 4));
        clock.Advance(now);
        Start(machine, Asm.Wfe, Asm.Movz(1, 7));
        Assert.Equal(new VcpuResult(VcpuReturn.WaitForEvent, next), machine.Cpu.Run());
        clock.Advance(next - now);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
    }

    [Fact]
    public void WfeWithAnArmedMonitorLetsOthersRunAndThenSleepsAWhile()
    {
        var clock = new FakeClock();
        using var machine = new TestMachine(new VcpuOptions { Clock = clock });
        Start(machine, LdxrX4X5, Asm.Wfe, Asm.B(-8));
        machine.Cpu.SetX(5, TestMachine.Data);
        var yields = 0;
        VcpuResult result;
        while ((result = machine.Cpu.Run()).Reason == VcpuReturn.Yield)
            yields++;
        Assert.InRange(yields, 1, 100);
        Assert.Equal(VcpuReturn.WaitForEvent, result.Reason);
        Assert.InRange(result.Deadline!.Value, 1UL, 1_000_000UL);
    }

    /// <summary>Between looks at the marked location the guest does not run; a store ends the wait at the next look, and without one the guest looks by itself now and then.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ASleepWithAnArmedMonitorEndsForAStoreOrAfterAWhile(bool stores)
    {
        var clock = new FakeClock();
        using var machine = new TestMachine(new VcpuOptions { Clock = clock, HasSiblings = true });
        Start(machine, LdxrX4X5, Asm.AddImm(1, 1, 1), Asm.Wfe, Asm.B(-12));
        machine.Cpu.SetX(5, TestMachine.Data);
        VcpuResult result;
        while ((result = machine.Cpu.Run()).Reason == VcpuReturn.Yield)
        {
        }

        var rounds = machine.Cpu.GetX(1);
        var sleeps = 0;
        while (result.Reason == VcpuReturn.WaitForEvent && machine.Cpu.GetX(1) == rounds)
        {
            if (stores && sleeps == 2)
                machine.Write64(TestMachine.Data, 1);
            clock.Advance(result.Deadline!.Value - clock.Nanoseconds);
            result = machine.Cpu.Run();
            sleeps++;
        }

        Assert.True(machine.Cpu.GetX(1) > rounds);
        Assert.InRange(sleeps, stores ? 3 : 6, stores ? 3 : 20);
        Assert.InRange(clock.Nanoseconds, 1UL, 1_000_000UL);
    }

    [Fact]
    public void AStoreEndsTheWaitWithAnArmedMonitorWithoutAYield()
    {
        using var machine = new TestMachine(new VcpuOptions { Clock = new FakeClock(), HasSiblings = true });
        Start(machine, LdxrX4X5, Asm.Str(6, 5), Asm.Wfe, Asm.Movz(1, 7));
        machine.Cpu.SetX(5, TestMachine.Data);
        machine.Cpu.SetX(6, 5);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
        Assert.Equal(7UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void YieldReturnsWhereThereAreOthers(bool hasSiblings)
    {
        using var machine = new TestMachine(new VcpuOptions { HasSiblings = hasSiblings });
        Start(machine, Yield, Asm.Movz(1, 7));
        if (hasSiblings)
            Assert.Equal(VcpuReturn.Yield, machine.Cpu.Run().Reason);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
        Assert.Equal(7UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALoopOnALoadExclusiveLetsOthersRunUntilTheyStore(bool emitted)
    {
        using var machine = new TestMachine(new VcpuOptions { HasSiblings = true }, emitted: emitted);
        Start(machine, LdxrX4X5, CbnzX4Back1, Asm.Movz(1, 7));
        machine.Cpu.SetX(5, TestMachine.Data);
        machine.Write64(TestMachine.Data, 1);
        for (var i = 0; i < 3; i++)
            Assert.Equal(VcpuReturn.Yield, machine.Cpu.Run().Reason);
        machine.Write64(TestMachine.Data, 0);
        Assert.Equal(VcpuReturn.Exited, machine.Cpu.Run().Reason);
        Assert.Equal(7UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ALoopOnALoadExclusiveWithoutOthersSpinsToTheEndOfTheQuantum(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        Start(machine, LdxrX4X5, CbnzX4Back1);
        machine.Cpu.SetX(5, TestMachine.Data);
        machine.Write64(TestMachine.Data, 1);
        using var timer = new Timer(_ => machine.Cpu.RequestQuantumEnd(), null, 20, Timeout.Infinite);
        Assert.Equal(VcpuReturn.Quantum, machine.Cpu.Run().Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AQuantumEndsAtTheNextPoll(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        Start(machine, Asm.B(0));
        machine.Cpu.RequestQuantumEnd();
        Assert.Equal(new VcpuResult(VcpuReturn.Quantum), machine.Cpu.Run());
        using var timer = new Timer(_ => machine.Cpu.RequestQuantumEnd(), null, 20, Timeout.Infinite);
        Assert.Equal(new VcpuResult(VcpuReturn.Quantum), machine.Cpu.Run());
    }

    [Fact]
    public void AQuantumThatEndsInAWaitIsAWait()
    {
        using var machine = new TestMachine();
        Start(machine, Asm.Wfi);
        machine.Cpu.Run();
        machine.Cpu.RequestQuantumEnd();
        Assert.Equal(VcpuReturn.WaitForInterrupt, machine.Cpu.Run().Reason);
    }

    [Fact]
    public void RequestsAfterDisposalDoNothing()
    {
        var machine = new TestMachine();
        machine.Dispose();
        machine.Cpu.Irq.Set(true);
        machine.Cpu.RequestQuantumEnd();
        machine.Cpu.RequestStop(VcpuStop.Paused);
    }

    private static void Start(TestMachine machine, params uint[] words)
    {
        ulong end = machine.Program(TestMachine.Code, words);
        machine.Write32(end, Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        machine.Cpu.SetX(0, 0x18);
    }
}
