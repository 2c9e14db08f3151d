using Arm64Vm.Cpu.Debugging;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Breakpoints, watchpoints and steps of a debugger outside the guest, on the interpreter and in emitted code.</summary>
public class ExternalDebugTests
{
    private const uint Count = 0x9100_0421; // add x1, x1, #1
    private const uint Compare = 0xF100_283F; // cmp x1, #10
    private const uint Loop = 0x54FF_FFC1; // b.ne .-8

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Executors))]
    public void ABreakpointInALoopStopsBeforeItsInstructionEachTime(bool emitted)
    {
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted, points);
        machine.Program(TestMachine.Code, Asm.Movz(1, 0), Count, Compare, Loop, Asm.Movz(2, 7), Asm.Hlt(0xF000));

        // Warm, so that units are linked, and then with a breakpoint in their middle.
        machine.Cpu.Pc = TestMachine.Code;
        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
        machine.Cpu.Pc = TestMachine.Code;
        points.AddBreakpoint(TestMachine.Code + 8);
        machine.Cpu.DebugPointsChanged();
        for (ulong round = 1; round <= 10; round++)
        {
            Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
            Assert.Equal(new DebugStop(DebugStopKind.Breakpoint, TestMachine.Code + 8), machine.Cpu.DebugStop);
            Assert.Equal(TestMachine.Code + 8, machine.Cpu.Pc);
            Assert.Equal(round, machine.Cpu.GetX(1));
            StepOver(machine, points, TestMachine.Code + 8);
            Assert.Equal(TestMachine.Code + 12, machine.Cpu.Pc);
            machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        }

        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
        Assert.Equal(7UL, machine.Cpu.GetX(2));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void ABreakpointStopsAgainUntilItIsRemoved(bool emitted)
    {
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted, points);
        machine.Program(TestMachine.Code, Asm.Movz(1, 1), Asm.Movz(2, 2), Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        points.AddBreakpoint(TestMachine.Code + 4);
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        Assert.Equal(TestMachine.Code + 4, machine.Cpu.Pc);
        points.RemoveBreakpoint(TestMachine.Code + 4);
        machine.Cpu.DebugPointsChanged();
        machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
        Assert.Equal(2UL, machine.Cpu.GetX(2));
    }

    /// <summary>The flags that a comparison left are there when the debugger looks, although the next instructions overwrite them.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void FlagsAreCompleteAtABreakpoint(bool emitted)
    {
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted, points);
        machine.Program(TestMachine.Code, Asm.Movz(1, 10), Compare, 0xF100_043F /* cmp x1, #1 */, Asm.Hlt(0xF000));
        points.AddBreakpoint(TestMachine.Code + 8);
        machine.Cpu.Pc = TestMachine.Code;
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        Assert.Equal(0x6000_0000u, machine.Cpu.ProcessorState & 0xF000_0000);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void AStepIsOneInstruction(bool emitted)
    {
        using TestMachine machine = Make(emitted, new DebugPoints());
        machine.Program(TestMachine.Code, Asm.Movz(1, 1), 0x1400_0000 /* b . */, Asm.Movz(2, 2));
        machine.Cpu.Pc = TestMachine.Code;
        Step(machine, TestMachine.Code + 4);
        Assert.Equal(1UL, machine.Cpu.GetX(1));

        // A branch to itself is an instruction like any other.
        Step(machine, TestMachine.Code + 4);
        Step(machine, TestMachine.Code + 4);
        machine.Cpu.Pc = TestMachine.Code + 8;
        Step(machine, TestMachine.Code + 12);
        Assert.Equal(2UL, machine.Cpu.GetX(2));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void AStepThatFaultsEndsAtTheHandler(bool emitted)
    {
        using TestMachine machine = Make(emitted, new DebugPoints());
        machine.Program(TestMachine.Code, Asm.Svc(0), 0xF940_0021 /* ldr x1, [x1] */);
        machine.Cpu.Pc = TestMachine.Code;
        Step(machine, TestMachine.Vectors + 0x200);
        machine.Cpu.Pc = TestMachine.Code + 4;
        machine.Cpu.SetX(1, 0x1_0000_0000_0000);
        Step(machine, TestMachine.Vectors + 0x200);
        machine.Cpu.Pc = 0xF_0000;
        Step(machine, TestMachine.Vectors + 0x200);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void InterruptsWaitForAStepAndComeWithTheNextRun(bool emitted)
    {
        using TestMachine machine = Make(emitted, new DebugPoints());
        machine.Program(TestMachine.Code, 0xD503_42FF /* msr daifclr, #2 */, Asm.Movz(1, 1), Asm.Movz(2, 2));
        machine.Cpu.Pc = TestMachine.Code;
        machine.Cpu.Irq.Set(true);
        Step(machine, TestMachine.Code + 4);
        Step(machine, TestMachine.Code + 8);
        machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        machine.Resume();
        Assert.Equal(0x280, machine.Vector);
        Assert.Equal(0UL, machine.Cpu.GetX(2));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void AStepGoesOverAWait(bool emitted)
    {
        using TestMachine machine = Make(emitted, new DebugPoints());
        machine.Program(TestMachine.Code, 0xD503_207F /* wfi */, Asm.Movz(1, 1), Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        Step(machine, TestMachine.Code + 4);
        Step(machine, TestMachine.Code + 8);
        Assert.Equal(1UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [InlineData(false, 2, false)]
    [InlineData(true, 2, false)]
    [InlineData(false, 1, true)]
    [InlineData(true, 1, true)]
    [InlineData(true, 3, true)]
    public void AWatchpointStopsBeforeTheAccess(bool emitted, int kinds, bool atLoad)
    {
        var access = (DebugAccess)kinds;
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted, points);
        machine.Program(TestMachine.Code, 0xF940_0022 /* ldr x2, [x1] */, 0xF900_0023 /* str x3, [x1] */, Asm.Hlt(0xF000));
        Prepare();

        // Warm: the page is in the inline TLBs.
        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
        Prepare();
        points.AddWatchpoint(new DebugWatch(TestMachine.Data + 3, 2, access));
        machine.Cpu.DebugPointsChanged();
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        DebugStop stop = machine.Cpu.DebugStop!;
        Assert.Equal((DebugStopKind.Watchpoint, TestMachine.Data + 3), (stop.Kind, stop.Address));
        Assert.Equal(access, stop.Watch!.Access);
        Assert.Equal(TestMachine.Code + (atLoad ? 0UL : 4), machine.Cpu.Pc);
        Assert.Equal(5UL, machine.Read64(TestMachine.Data));
        Assert.Equal(atLoad ? 0UL : 5, machine.Cpu.GetX(2));

        // Neighbours on the page are not watched.
        points.Clear();
        points.AddWatchpoint(new DebugWatch(TestMachine.Data + 8, 8, DebugAccess.Any));
        machine.Cpu.DebugPointsChanged();
        machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
        Assert.Equal(9UL, machine.Read64(TestMachine.Data));

        void Prepare()
        {
            machine.Write64(TestMachine.Data, 5);
            machine.Cpu.Pc = TestMachine.Code;
            machine.Cpu.SetX(1, TestMachine.Data);
            machine.Cpu.SetX(2, 0);
            machine.Cpu.SetX(3, 9);
        }
    }

    /// <summary>The guest's own breakpoints and its debugger's on one page: each has its own.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void TheGuestsBreakpointsWorkBesideTheDebuggers(bool emitted)
    {
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted, points);
        machine.SetSystem("OSLAR_EL1", 0);
        machine.SetSystem("MDSCR_EL1", (1 << 15) | (1 << 13));
        machine.SetSystem("DBGBVR0_EL1", TestMachine.Code + 16);
        machine.SetSystem("DBGBCR0_EL1", 1 | 0x1E0 | (1 << 1));
        points.AddBreakpoint(TestMachine.Code + 12);
        machine.Program(TestMachine.Code, 0xD503_48FF /* msr daifclr, #8 */, Asm.Movz(1, 1), Asm.Movz(2, 2), Asm.Movz(3, 3), Asm.Movz(4, 4), Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        Assert.Equal(TestMachine.Code + 12, machine.Cpu.Pc);
        StepOver(machine, points, TestMachine.Code + 12);
        machine.Cpu.PrepareForDebugger(steps: false, holds: false);
        machine.Resume();
        Assert.Equal(0x200, machine.Vector);
        Assert.Equal(TestMachine.Code + 16, machine.Elr);
        Assert.Equal(0x31UL, machine.Esr >> 26);
    }

    [Fact]
    public void AHeldProcessorStandsButCanBeStopped()
    {
        using TestMachine machine = Make(emitted: true, new DebugPoints());
        machine.Program(TestMachine.Code, Asm.Movz(1, 1), Asm.Hlt(0xF000));
        machine.Cpu.Pc = TestMachine.Code;
        machine.Cpu.PrepareForDebugger(steps: false, holds: true);
        Assert.Equal(VcpuReturn.Off, machine.Cpu.Run().Reason);
        Assert.Equal(TestMachine.Code, machine.Cpu.Pc);
        machine.Cpu.RequestStop(VcpuStop.Paused);
        Assert.Equal(VcpuReturn.Paused, machine.Cpu.Run().Reason);
        machine.Cpu.ReleaseForDebugger();
        Assert.Equal(VcpuReturn.Exited, machine.RunToStop());
    }

    /// <summary>More sets of breakpoints than a mode has names for: the pages run instruction by instruction, and after a recycling at full speed again.</summary>
    [Fact]
    public void SetsOfBreakpointsRunOutAndAreRecycled()
    {
        var points = new DebugPoints();
        using TestMachine machine = Make(emitted: true, points);
        machine.Program(TestMachine.Code, Asm.Movz(1, 1), Asm.Movz(2, 2), Asm.Hlt(0xF000));
        for (int round = 0; round < 600; round++)
        {
            ulong other = TestMachine.Code + 0x100 + ((ulong)round * 4);
            points.AddBreakpoint(TestMachine.Code + 4);
            points.AddBreakpoint(other);
            if (round >= 400)
                points.Recycle(machine.Memory);
            machine.Cpu.DebugPointsChanged();
            machine.Cpu.PrepareForDebugger(steps: false, holds: false);
            machine.Cpu.Pc = TestMachine.Code;
            Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
            Assert.Equal(TestMachine.Code + 4, machine.Cpu.Pc);
            points.RemoveBreakpoint(other);
        }
    }

    [Fact]
    public void RegistersAreReadAndWrittenWithoutTraps()
    {
        using TestMachine machine = Make(emitted: true, new DebugPoints());
        int Find(string name) => machine.Cpu.SystemRegisterNames.ToList().IndexOf(name);
        Assert.True(machine.Cpu.WriteSystemRegister(Find("VBAR_EL1"), 0x4444_4800));
        Assert.Equal(0x4444_4800UL, machine.Cpu.ReadSystemRegister(Find("VBAR_EL1")));
        Assert.False(machine.Cpu.WriteSystemRegister(Find("MIDR_EL1"), 0));
        Assert.Equal(-1, Find("RNDR"));
        machine.Cpu.WriteProcessorState(0xA000_03C0);
        Assert.Equal(0, machine.Cpu.ExceptionLevel);
        Assert.Equal(0xA000_03C0u, machine.Cpu.ProcessorState);
        machine.Cpu.WriteProcessorState(0x3C5);
        Assert.Equal(1, machine.Cpu.ExceptionLevel);
        Assert.True(machine.Cpu.TryTranslateForDebugger(TestMachine.Code, out ulong physical));
        Assert.Equal(TestMachine.Code, physical);
    }

    private static TestMachine Make(bool emitted, DebugPoints points) => new(new VcpuOptions { DebugPoints = points }, emitted: emitted);

    private static void Step(TestMachine machine, ulong expected)
    {
        machine.Cpu.PrepareForDebugger(steps: true, holds: false);
        Assert.Equal(VcpuReturn.Debug, machine.RunToStop());
        Assert.Equal(DebugStopKind.Step, machine.Cpu.DebugStop!.Kind);
        Assert.Equal(expected, machine.Cpu.Pc);
    }

    /// <summary>As GDB does it: without the breakpoint, one step, and it is there again.</summary>
    private static void StepOver(TestMachine machine, DebugPoints points, ulong address)
    {
        points.RemoveBreakpoint(address);
        machine.Cpu.DebugPointsChanged();
        Step(machine, address + 4);
        points.AddBreakpoint(address);
        machine.Cpu.DebugPointsChanged();
    }
}
