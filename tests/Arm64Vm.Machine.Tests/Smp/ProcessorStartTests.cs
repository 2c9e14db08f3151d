using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Machine.Tests.Smp;

/// <summary>Whole machines whose processors start each other, count together, wait for each other's events and switch off.</summary>
public sealed class ProcessorStartTests
{
    private const ulong Counter = TestProgram.Start + 0x1000;
    private const int SecondaryWord = 0x100;
    private const uint Hvc = 0xD400_0002;
    private const uint Wfe = 0xD503_205F;
    private const uint Sev = 0xD503_209F;
    private const uint Nop = 0xD503_201F;

    [Theory]
    [InlineData(2, GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData(3, GicVersion.V3, ExecutionBackend.Interpreter)]
    [InlineData(8, GicVersion.V2, ExecutionBackend.Auto)]
    [InlineData(64, GicVersion.V3, ExecutionBackend.Auto)]
    public async Task EveryProcessorStartsCountsAndSwitchesOff(int cpus, GicVersion gic, ExecutionBackend backend)
    {
        // The boot processor starts number x19, whose cluster is its quotient by 16 (8 with GICv2), and waits until it has counted itself.
        var program = new TestProgram().Set(19, 1);
        var loop = program.Here;
        program.Add(
            gic == GicVersion.V3 ? 0xD344_FE61u : 0xD343_FE61u, // lsr x1, x19, #4 or #3
            0xD378_DC21, // lsl x1, x1, #8
            gic == GicVersion.V3 ? 0x9240_0E62u : 0x9240_0A62u, // and x2, x19, #15 or #7
            0xAA02_0021); // orr x1, x1, x2
        program.Set(2, TestProgram.Start + (SecondaryWord * 4)).Add(0xAA13_03E3).Set(0, 0xC400_0003).Add(Hvc); // mov x3, x19
        var failed = program.Here;
        program.Add(0xB500_0000).Set(20, Counter); // cbnz x0, hang
        var wait = program.Here;
        program.Add(Wfe, 0xC8DF_FE95, 0xEB13_02BF); // ldar x21, [x20]; cmp x21, x19
        program.Add(0x5400_0003 | Back(program, wait)); // b.lo wait
        program.Add(0x9100_0673, 0xF100_027Fu | ((uint)cpus << 10)); // add x19, x19, #1; cmp x19, #cpus
        program.Add(0x5400_0001 | Back(program, loop)); // b.ne loop
        program.PowerOff().Land(failed).Hang();

        // The others: count one, tell, switch off.
        while (program.Here < SecondaryWord)
            program.Add(Nop);
        program.Set(20, Counter).Set(1, 1).Add(0xF8E1_0282, Sev).Psci(0x8400_0002).Hang(); // ldaddal x1, x2, [x20]

        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { Cpus = cpus, Gic = gic });
        var result = await TestMachine.RunAsync(machine);
        Assert.Equal(RunEnd.PowerOff, result.End);
        var bytes = new byte[8];
        if (machine.TryReadMemory(Counter, bytes))
            Assert.Equal((ulong)cpus - 1, BitConverter.ToUInt64(bytes));
        Assert.Equal(cpus, machine.GetStatistics().Processors.Count);
    }

    /// <summary>A machine whose processors run for ever can be paused, resumed, reset and stopped.</summary>
    [Fact]
    public async Task SeveralProcessorsPauseResetAndStop()
    {
        var program = new TestProgram().Print("boot\n").Set(1, 1).Set(2, TestProgram.Start + (SecondaryWord * 4)).Set(0, 0xC400_0003).Add(Hvc).Hang();
        while (program.Here < SecondaryWord)
            program.Add(Nop);
        program.Print("second\n").Hang();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program) with { Cpus = 3 });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("second", TestMachine.Patience);
        for (var i = 0; i < 5; i++)
        {
            await machine.PauseAsync().WaitAsync(TestMachine.Patience);
            Assert.Equal(RunState.Paused, machine.State);
            machine.Resume();
        }

        machine.Reset();
        await machine.WaitForConsoleAsync("boot\nsecond", TestMachine.Patience);
        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    private static uint Back(TestProgram program, int place) => (uint)((place - program.Here) & 0x7FFFF) << 5;
}
