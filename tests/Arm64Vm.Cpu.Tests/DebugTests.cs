using Arm64Vm.Cpu.Exceptions;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Breakpoints, watchpoints and software step, on the interpreter and in emitted code.</summary>
public class DebugTests
{
    private const ulong Il = 1UL << 25;
    private const uint El0 = 0;
    private const uint El1 = 0b0101;
    private const uint Step = 1 << 21;
    private const ulong Mde = 1 << 15;
    private const ulong Kde = 1 << 13;
    private const ulong Ss = 1;
    private const ulong AddressMatch = 1 | 0x1E0;
    private const ulong AtEl1 = 1 << 1;
    private const ulong AtEl0 = 2 << 1;
    private const ulong Loads = 1 << 3;
    private const ulong Stores = 2 << 3;

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Executors))]
    public void BreakpointStopsBeforeItsInstructionAtItsLevelOnly(bool emitted)
    {
        using TestMachine machine = Make(emitted, Mde);
        machine.SetSystem("DBGBVR1_EL1", TestMachine.Data + 8);
        machine.SetSystem("DBGBCR1_EL1", AddressMatch | AtEl0);
        machine.RunFrom(El0, Asm.Movz(1, 1), Asm.Movz(2, 2), Asm.Movz(3, 3), Asm.Svc(0));
        Expect(machine, ExceptionClass.BreakpointLower, 0x22, TestMachine.Data + 8, vector: 0x400);
        Assert.Equal(2UL, machine.Cpu.GetX(2));
        Assert.Equal(0UL, machine.Cpu.GetX(3));

        // The same place at EL1, with kernel debugging off and on.
        machine.SetSystem("DBGBCR1_EL1", AddressMatch | AtEl1);
        machine.RunFrom(El1);
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("MDSCR_EL1", Mde | Kde);
        machine.RunFrom(El1);
        Expect(machine, ExceptionClass.BreakpointCurrent, 0x22, TestMachine.Data + 8, vector: 0x200);
        machine.RunFrom(El1 | PState.D);
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.RunFrom(El0);
        Assert.Equal(0x15UL, machine.Esr >> 26);

        machine.SetSystem("DBGBCR1_EL1", 0);
        machine.RunFrom(El1);
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("DBGBCR1_EL1", AddressMatch | AtEl0);
        machine.SetSystem("OSLAR_EL1", 1);
        machine.RunFrom(El0);
        Assert.Equal(0x15UL, machine.Esr >> 26);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void BreakpointInALoopThatIsAlreadyLinkedIsSeen(bool emitted)
    {
        using TestMachine machine = Make(emitted, 0);
        machine.SetSystem("DBGBVR0_EL1", TestMachine.Data + 0x1000);
        machine.SetSystem("DBGBCR0_EL1", AddressMatch | AtEl1);

        // A loop over two pages; on the third round it enables debug exceptions.
        machine.Program(TestMachine.Data, Asm.AddImm(1, 1, 1), Asm.B(0xFFC), Asm.Nop, Asm.Nop);
        machine.Program(
            TestMachine.Data + 0x1000,
            0xF100_0C3F, // cmp x1, #3
            0x5400_0000 | (unchecked((uint)(-0x1004 / 4)) << 5 & 0xFF_FFE0) | 1, // b.ne
            Asm.Msr(2, 0, 0, 2, 2, 2), // msr mdscr_el1, x2
            Asm.B(-0x100C));
        machine.Cpu.SetX(2, Mde | Kde);
        machine.SetSystem("ELR_EL1", TestMachine.Data);
        machine.SetSystem("SPSR_EL1", El1);
        machine.Run(Asm.Eret);
        Expect(machine, ExceptionClass.BreakpointCurrent, 0x22, TestMachine.Data + 0x1000, vector: 0x200);
        Assert.Equal(4UL, machine.Cpu.GetX(1));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void LinkedBreakpointNeedsItsContext(bool emitted)
    {
        using TestMachine machine = Make(emitted, Mde);
        machine.SetSystem("DBGBVR0_EL1", TestMachine.Data);
        machine.SetSystem("DBGBCR0_EL1", AddressMatch | AtEl0 | (5 << 16) | (1 << 20));
        machine.SetSystem("DBGBVR5_EL1", 77);
        machine.SetSystem("DBGBCR5_EL1", AddressMatch | AtEl0 | (3 << 20));
        machine.SetSystem("CONTEXTIDR_EL1", 76);
        machine.RunFrom(El0, Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("CONTEXTIDR_EL1", 77);
        machine.RunFrom(El0);
        Expect(machine, ExceptionClass.BreakpointLower, 0x22, TestMachine.Data, vector: 0x400);

        // An unlinked context breakpoint stops everywhere in its context.
        machine.SetSystem("DBGBCR0_EL1", 0);
        machine.SetSystem("DBGBCR5_EL1", AddressMatch | AtEl0 | (2 << 20));
        machine.RunFrom(El0);
        Expect(machine, ExceptionClass.BreakpointLower, 0x22, TestMachine.Data, vector: 0x400);
    }

    [Theory]
    [InlineData(false, 0x10u, 4, 0x10u, true)] // byte 4 of the doubleword, word access to it
    [InlineData(true, 0x10u, 4, 0x10u, true)]
    [InlineData(false, 0x0Fu, 4, 0x10u, false)]
    [InlineData(true, 0x0Fu, 4, 0x10u, false)]
    [InlineData(false, 0xFFu, 0, 0x08u, false)] // stores only
    [InlineData(true, 0xFFu, 0, 0x08u, false)]
    public void WatchpointComparesBytesAndKind(bool emitted, uint bytes, int offset, uint kind, bool hits)
    {
        using TestMachine machine = Make(emitted, Mde);
        ulong watched = TestMachine.Data + 0x2000;
        machine.Cpu.SetX(1, watched + (ulong)offset);
        machine.Cpu.SetX(2, 0x55);

        // The page is used before it is watched.
        machine.RunFrom(El0, Asm.StrW(2, 1), Asm.Svc(0));
        Assert.Equal(0x15UL, machine.Esr >> 26);
        machine.SetSystem("DBGWVR0_EL1", watched);
        machine.SetSystem("DBGWCR0_EL1", 1 | AtEl0 | kind | (bytes << 5));
        machine.Cpu.SetX(2, 0x66);
        machine.RunFrom(El0);
        if (!hits)
        {
            Assert.Equal(0x15UL, machine.Esr >> 26);
            return;
        }

        Expect(machine, ExceptionClass.WatchpointLower, 0x22 | 0x40, TestMachine.Data, vector: 0x400);
        Assert.Equal(watched + (ulong)offset, machine.Far);
        Assert.Equal(0x55u, (uint)machine.Read64(watched + (ulong)offset));

        // Off again, and the page is an ordinary one.
        machine.SetSystem("DBGWCR0_EL1", 0);
        machine.RunFrom(El0);
        Assert.Equal(0x15UL, machine.Esr >> 26);
        Assert.Equal(0x66u, (uint)machine.Read64(watched + (ulong)offset));
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void WatchpointReportsTheWatchedByteInsideAWiderAccess(bool emitted)
    {
        using TestMachine machine = Make(emitted, Mde);
        ulong watched = TestMachine.Data + 0x2000;
        machine.SetSystem("DBGWVR3_EL1", watched + 8);
        machine.SetSystem("DBGWCR3_EL1", 1 | AtEl0 | Loads | (0x4 << 5));
        machine.Cpu.SetX(1, watched);
        machine.RunFrom(El0, Asm.LdpX(2, 3, 1), Asm.Svc(0));
        Expect(machine, ExceptionClass.WatchpointLower, 0x22, TestMachine.Data, vector: 0x400);
        Assert.Equal(watched + 10, machine.Far);

        // A page with MASK = 12, an access that only touches its first byte.
        machine.SetSystem("DBGWVR3_EL1", watched);
        machine.SetSystem("DBGWCR3_EL1", 1 | AtEl0 | Loads | (0xFF << 5) | (12UL << 24));
        machine.Cpu.SetX(1, watched - 15);
        machine.RunFrom(El0);
        Expect(machine, ExceptionClass.WatchpointLower, 0x22, TestMachine.Data, vector: 0x400);
        Assert.Equal(watched, machine.Far);
        machine.Cpu.SetX(1, watched - 16);
        machine.RunFrom(El0);
        Assert.Equal(0x15UL, machine.Esr >> 26);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void AtomicsReportAReadWhereReadsAreWatched(bool emitted)
    {
        using TestMachine machine = Make(emitted, Mde | Kde);
        ulong watched = TestMachine.Data + 0x2000;
        machine.Cpu.SetX(1, watched);
        machine.SetSystem("DBGWVR0_EL1", watched);
        machine.SetSystem("DBGWCR0_EL1", 1 | AtEl1 | Loads | Stores | (0xFF << 5));
        machine.RunFrom(El1, Asm.Ldadd(2, 3, 1), Asm.Svc(0));
        Expect(machine, ExceptionClass.Watchpoint, 0x22, TestMachine.Data, vector: 0x200);
        machine.SetSystem("DBGWCR0_EL1", 1 | AtEl1 | Stores | (0xFF << 5));
        machine.RunFrom(El1);
        Expect(machine, ExceptionClass.Watchpoint, 0x22 | 0x40, TestMachine.Data, vector: 0x200);

        // An unprivileged load of EL1 is one of EL0.
        machine.SetSystem("DBGWCR0_EL1", 1 | AtEl0 | Loads | (0xFF << 5));
        machine.RunFrom(El1, Asm.Ldr(2, 1), Asm.Ldtr(2, 1), Asm.Svc(0));
        Expect(machine, ExceptionClass.Watchpoint, 0x22, TestMachine.Data + 4, vector: 0x200);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void StepRunsOneInstructionAndSaysSo(bool emitted)
    {
        using TestMachine machine = Make(emitted, Ss);
        machine.RunFrom(El0 | Step, Asm.Movz(1, 1), Asm.Ldxr(2, 3), Asm.BranchSelf);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24), TestMachine.Data + 4, vector: 0x400);
        Assert.Equal(0UL, machine.Spsr & Step);

        // EX: the stepped instruction was a load-exclusive.
        machine.Cpu.SetX(3, TestMachine.Data + 0x2000);
        machine.Return(El0 | Step);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24) | (1 << 6), TestMachine.Data + 8, vector: 0x400);

        // A branch to itself is one step too.
        machine.Return(El0 | Step);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24), TestMachine.Data + 8, vector: 0x400);

        // Without SS in the SPSR the exception is pending at once, and no instruction was stepped.
        machine.Return(El0);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22, TestMachine.Data + 8, vector: 0x400);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void SteppedSupervisorCallIsOverAndAFaultIsNot(bool emitted)
    {
        using TestMachine machine = Make(emitted, Ss);
        machine.RunFrom(El0 | Step, Asm.Svc(7), Asm.Movz(1, 5), Asm.Brk(1));
        Assert.Equal((0x15UL << 26) | Il | 7, machine.Esr);
        Assert.Equal(0UL, machine.Spsr & Step);
        machine.Return((uint)machine.Spsr);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22, TestMachine.Data + 4, vector: 0x400);
        machine.Return(El0 | Step);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24), TestMachine.Data + 8, vector: 0x400);

        // BRK did not complete: its return steps it again.
        machine.Return(El0 | Step);
        Assert.Equal((0x3CUL << 26) | Il | 1, machine.Esr);
        Assert.Equal((ulong)Step, machine.Spsr & Step);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void SteppedFaultsKeepTheStepForTheReturn(bool emitted)
    {
        using TestMachine machine = Make(emitted, Ss);
        machine.Cpu.SetX(1, 0x1000_0000);
        machine.RunFrom(El0 | Step, Asm.Ldr(2, 1), Asm.Wfi);
        Assert.Equal(0x24UL, machine.Esr >> 26);
        Assert.Equal((ulong)Step, machine.Spsr & Step);
        machine.Cpu.SetX(1, TestMachine.Data);
        machine.Return((uint)machine.Spsr);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24), TestMachine.Data + 4, vector: 0x400);
        machine.Return(El0 | Step);
        Assert.Equal((0x01UL << 26) | Il | 0x1E0_0000, machine.Esr);
        Assert.Equal((ulong)Step, machine.Spsr & Step);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void SteppingTheReturnItselfStopsAtItsTarget(bool emitted)
    {
        using TestMachine machine = Make(emitted, Ss | Kde);
        machine.Program(TestMachine.Data + 0x100, Asm.Movz(4, 4), Asm.Svc(0));
        machine.Cpu.SetX(1, TestMachine.Data + 0x100);
        machine.Cpu.SetX(2, 0);
        machine.RunFrom(El1 | Step, Asm.Msr(3, 0, 4, 0, 1, 1), Asm.Msr(3, 0, 4, 0, 0, 2), Asm.Eret);
        Expect(machine, ExceptionClass.SoftwareStep, 0x22 | (1 << 24), TestMachine.Data + 4, vector: 0x200);
        machine.Return(El1 | Step);
        Expect(machine, ExceptionClass.SoftwareStep, 0x22 | (1 << 24), TestMachine.Data + 8, vector: 0x200);

        // The handler restores what the program had put into ELR and SPSR by doing the return in its place: step ERET from EL1 with D clear.
        machine.Program(TestMachine.Data + 0x200, Asm.Msr(3, 0, 4, 0, 1, 1), Asm.Msr(3, 0, 4, 0, 0, 2), Asm.DaifClear(8), Asm.Eret);
        machine.Cpu.SetX(2, El0 | Step);
        machine.Cpu.Pc = TestMachine.Data + 0x200;
        machine.Resume();

        // Unmasking D makes a step pending at once, before the ERET.
        Expect(machine, ExceptionClass.SoftwareStep, 0x22, TestMachine.Data + 0x20C, vector: 0x200);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void BreakpointOnASteppedInstructionComesFirstAndKeepsTheStep(bool emitted)
    {
        using TestMachine machine = Make(emitted, Ss | Mde);
        machine.SetSystem("DBGBVR0_EL1", TestMachine.Data);
        machine.SetSystem("DBGBCR0_EL1", AddressMatch | AtEl0);
        machine.RunFrom(El0 | Step, Asm.Nop, Asm.Nop);
        Expect(machine, ExceptionClass.BreakpointLower, 0x22, TestMachine.Data, vector: 0x400);
        Assert.Equal((ulong)Step, machine.Spsr & Step);
        machine.SetSystem("DBGBCR0_EL1", 0);
        machine.Return((uint)machine.Spsr);
        Expect(machine, ExceptionClass.SoftwareStepLower, 0x22 | (1 << 24), TestMachine.Data + 4, vector: 0x400);
    }

    private static TestMachine Make(bool emitted, ulong mdscr)
    {
        var machine = new TestMachine(new VcpuOptions { NormalMemoryWhenMmuOff = true }, emitted: emitted);
        machine.SetSystem("OSLAR_EL1", 0);
        machine.SetSystem("MDSCR_EL1", mdscr);
        return machine;
    }

    private static void Expect(TestMachine machine, ExceptionClass exceptionClass, uint iss, ulong elr, int vector)
    {
        Assert.Equal(Syndrome.Make(exceptionClass, iss), machine.Esr);
        Assert.Equal(elr, machine.Elr);
        Assert.Equal(vector, machine.Vector);
    }
}
