using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Who reads the counter without leaving emitted code follows CNTKCTL_EL1, however that changes.</summary>
public sealed unsafe class CounterAccessTests : IHostTimestamp
{
    private const ulong UserAccess = 3;
    private const CounterAccess User = CounterAccess.UserPhysical | CounterAccess.UserVirtual;

    public ulong Read() => 1000;

    [Fact]
    public void AResetTakesTheCounterFromUserCode()
    {
        using var machine = Make();
        machine.SetSystem("CNTKCTL_EL1", UserAccess);
        Assert.Equal(CounterAccess.Kernel | User, Access(machine));
        machine.Cpu.Reset(TestMachine.Code);
        Assert.Equal(CounterAccess.Kernel, Access(machine));
    }

    [Fact]
    public void ARestoredControlDecides()
    {
        using var machine = Make();
        VcpuState closed = machine.Cpu.Save();
        machine.SetSystem("CNTKCTL_EL1", UserAccess);
        VcpuState open = machine.Cpu.Save();
        machine.Cpu.Restore(closed);
        Assert.Equal(CounterAccess.Kernel, Access(machine));
        machine.Cpu.Restore(open);
        Assert.Equal(CounterAccess.Kernel | User, Access(machine));
    }

    private TestMachine Make()
    {
        var machine = new TestMachine(new VcpuOptions { Clock = new FakeClock { Relation = new ClockRelation(this, 0, 0, 1UL << 63) } });
        machine.Program(TestMachine.Code, Asm.Hlt(0xF000));
        machine.Cpu.SetX(0, 0x18);
        machine.Cpu.Run();
        return machine;
    }

    private static CounterAccess Access(TestMachine machine) => machine.Cpu.Context->Counter.Access & (CounterAccess.Kernel | User);
}
