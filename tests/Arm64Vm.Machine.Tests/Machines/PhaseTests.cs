namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Stages of a boot are noticed by what the processor does.</summary>
public class PhaseTests
{
    private const uint VectorsToX0 = 0xD518_C000; // msr vbar_el1, x0
    private const uint ReturnToX1 = 0xD518_4021; // msr elr_el1, x1
    private const uint StatusToZero = 0xD518_401F; // msr spsr_el1, xzr
    private const uint Return = 0xD69F_03E0; // eret

    [Theory]
    [InlineData(ExecutionBackend.X64)]
    [InlineData(ExecutionBackend.Interpreter)]
    public async Task AProgramWithoutKernelVectorsIsOnePhase(ExecutionBackend backend)
    {
        var phases = await RunAsync(new TestProgram().Print("x").PowerOff(), backend);
        var phase = Assert.Single(phases);
        Assert.Equal(("kernel", TimeSpan.Zero), (phase.Name, phase.Start));
        Assert.Contains(phase.Exits, exit => exit.Reason == "HypervisorCall" && exit.Count == 1);
        if (backend == ExecutionBackend.X64)
        {
            Assert.InRange(phase.Instructions!.Value, 6u, 12u);
            Assert.InRange(phase.InstructionsTranslated, 6, 12);
            Assert.True(phase.UnitsTranslated > 0);
        }
        else
        {
            Assert.Null(phase.Instructions);
        }
    }

    [Fact]
    public async Task TheFirstStepDownAfterKernelVectorsIsInit()
    {
        // With the MMU off EL0 runs in the same memory.
        var program = new TestProgram().Set(0, 0xFFFF_8000_0000_0000).Add(VectorsToX0);
        var behind = program.Here + 8;
        program.Set(1, TestProgram.Start + (ulong)behind * 4).Add(ReturnToX1, StatusToZero, Return);
        while (program.Here < behind)
            program.Add(0xD503_201F);
        program.Set(17, 0x0900_0000).Set(16, '!').Add(0x3900_0230, 0x1400_0000); // strb w16, [x17]; b .
        await using var machine = VirtualMachine.Create(new MachineConfig { Kernel = program.ToElf(), Memory = 64 << 20, TracksPhases = true });
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("!", TimeSpan.FromSeconds(30));
        await machine.PauseAsync();
        Assert.Equal(["kernel", "init"], machine.GetStatistics().Phases.Select(phase => phase.Name));
    }

    [Fact]
    public async Task WithoutAskingThereAreNone()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Kernel = new TestProgram().PowerOff().ToElf(), Memory = 64 << 20 });
        await machine.RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(machine.GetStatistics().Phases);
        Assert.Null(machine.GetStatistics().Instructions);
    }

    private static async Task<IReadOnlyList<BootPhase>> RunAsync(TestProgram program, ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Kernel = program.ToElf(), Memory = 64 << 20, Backend = backend, TracksPhases = true });
        await machine.RunAsync(TestContext.Current.CancellationToken);
        return machine.GetStatistics().Phases;
    }
}
