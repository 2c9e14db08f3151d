using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Predicted returns outlast what does not concern their code, and nothing else.</summary>
public class ReturnPredictionTests
{
    private const uint Ret = 0xD65F_03C0;
    private const uint El0 = 0x3C0;
    private const int PairBytes = 16;
    private const int Depth = 20;
    private const ulong UpperHalf = 0xFFFF_FF80_0000_0000;

    /// <summary>The program stops below its calls, after a system call whose handler calls and returns as well.</summary>
    [Fact]
    public void ProgramsKeepTheirsOverSystemCalls()
    {
        using var machine = new TestMachine(new VcpuOptions { HasUserSemihosting = true }, emitted: true);
        RunCallsAndSystemCall(machine, Asm.Eret);
        Assert.Equal(Depth * PairBytes, PairsOf(machine));
    }

    /// <summary>The handler invalidates the program's code before it returns.</summary>
    [Fact]
    public void InvalidatedMappingsEndThoseOfProgramsToo()
    {
        using var machine = new TestMachine(new VcpuOptions { HasUserSemihosting = true }, emitted: true);
        RunCallsAndSystemCall(machine, Asm.Sys(0, 8, 7, 0), PagesOfOneSlot.DsbIsh, Asm.Isb, Asm.Eret);
        Assert.Equal(0, PairsOf(machine));
    }

    /// <summary>Caller and function share a slot of the fetch-side TLB's first level, so that each call finds its page in the second.</summary>
    [Fact]
    public void CallsOfPagesThatOnlyTheSecondLevelHasArePredicted()
    {
        int pairs = 0;
        RunCalls((machine, _) => pairs = PairsOf(machine));
        Assert.Equal(2 * PairBytes, pairs);
    }

    /// <summary>While the function runs, another processor maps the page of its caller elsewhere and invalidates it: the return finds what is there now.</summary>
    [Fact]
    public void AReturnAfterAnotherProcessorsInvalidationIsNotToTheOldMapping()
    {
        ulong result = RunCalls((machine, slot) =>
        {
            Assert.Equal(2 * PairBytes, PairsOf(machine));
            machine.Write64(slot, PagesOfOneSlot.OtherFrame | PagesOfOneSlot.Normal | PageTables.NonGlobal | 3);
            machine.Memory.Domain.Post(new Shootdown(ShootdownKind.Address, PagesOfOneSlot.A), poster: null);
        });
        Assert.Equal((ulong)LastCall.CallsBefore + 7, result);
    }

    /// <summary>Page A, which adds 1 to X6 and 7 where it is mapped to the other frame, calls page B some times, and B calls the host. Returns X6.</summary>
    /// <param name="atLastCall">Gets the machine and the address of A's descriptor.</param>
    private static ulong RunCalls(Action<TestMachine, ulong> atLastCall)
    {
        var calls = new LastCall();
        using TestMachine machine = PagesOfOneSlot.Make(
            out PageTables tables,
            made =>
            {
                made.Program(PagesOfOneSlot.FrameA, Asm.Mov(20, 30), Asm.Blr(3), Asm.AddImm(6, 6, 1), Asm.Mov(30, 20), Ret);
                made.Program(PagesOfOneSlot.OtherFrame, Asm.Mov(20, 30), Asm.Blr(3), Asm.AddImm(6, 6, 7), Asm.Mov(30, 20), Ret);
                made.Program(PagesOfOneSlot.FrameB, Asm.Hvc(1), Ret);
            },
            options: new VcpuOptions { HypervisorCalls = calls });
        calls.Action = () => atLastCall(machine, tables.Slot(PagesOfOneSlot.A, 3));
        Vcpu cpu = machine.Cpu;
        cpu.SetX(1, PagesOfOneSlot.A);
        cpu.SetX(3, PagesOfOneSlot.B);
        cpu.SetX(6, 0);
        unsafe
        {
            // Another member makes the domain one of several processors.
            machine.Memory.Domain.Join(cpu.Context);
        }

        machine.Run(Asm.Blr(1), Asm.Blr(1), Asm.Blr(1));
        Assert.Equal(LastCall.CallsBefore + 1, calls.Count);
        return cpu.GetX(6);
    }

    private static void RunCallsAndSystemCall(TestMachine machine, params uint[] handlerEnd)
    {
        var tables = new PageTables(machine, TestMachine.Ram + 0x10_0000);
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x4_0000, PageTables.Accessed | PageTables.Shareable | PageTables.NonGlobal);
        tables.Map(TestMachine.Data, TestMachine.Data, PageTables.Accessed | PageTables.Shareable | PageTables.NonGlobal | PageTables.User);
        tables.Enable();
        machine.SetSystem("VBAR_EL1", UpperHalf | TestMachine.Vectors);
        ulong rest = machine.Program(TestMachine.Vectors + 0x400, Bl(8), Asm.B(8), Ret);
        machine.Program(rest, handlerEnd);
        machine.RunFrom(El0, Asm.Movz(1, Depth + 1), SubtractOne(1), Cbz(1, 8), Bl(-8), Asm.Svc(1), Asm.Hlt(0xF000));
        Assert.Equal(TestMachine.Data + 0x18, machine.Cpu.Pc);
    }

    /// <summary>Bytes of pairs on the stack in use.</summary>
    private static unsafe int PairsOf(TestMachine machine)
    {
        HostContext* host = HostContext.Of(machine.Cpu.Context);
        return (int)(host->ReturnStackBase - host->ReturnStack);
    }

    private static uint Bl(int offset) => 0x9400_0000 | ((uint)(offset / 4) & 0x3FF_FFFF);

    private static uint Cbz(int register, int offset) => 0xB400_0000 | (((uint)(offset / 4) & 0x7FFFF) << 5) | (uint)register;

    private static uint SubtractOne(int register) => 0xD100_0400 | ((uint)register << 5) | (uint)register;

    private sealed class LastCall : IHypervisorCalls
    {
        /// <summary>Code that has run before is what is predicted.</summary>
        public const int CallsBefore = 2;

        public Action? Action { get; set; }

        public int Count { get; private set; }

        public CallOutcome Call(Vcpu vcpu, ushort immediate)
        {
            if (Count++ == CallsBefore)
                Action!();
            return CallOutcome.Continue;
        }
    }
}
