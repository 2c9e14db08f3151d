using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public class CounterTests
{
    /// <summary>
    /// Reads CNTVCT_EL0 for twice half a second of guest time, past the moment at which emitted code begins to read it by itself, and counts how often it
    /// went back. The second half needs no exits.
    /// </summary>
    [Theory]
    [InlineData("max")]
    [InlineData("cortex-a72")]
    public async Task TheCounterNeverGoesBackAndIsReadWithoutLeaving(string cpu)
    {
        Assert.SkipUnless(HostFeatures.Detect() is { MeetsBaseline: true, InvariantTsc: true }, "this host has no time-stamp counter of constant rate");
        var program = new TestProgram().Add(0xD53B_E005, 0xD341_FCA5); // mrs x5, cntfrq_el0; lsr x5, x5, #1
        for (var half = 0; half < 2; half++)
        {
            program.Add(0xD53B_E041, 0xAA01_03E2, 0xD280_0004); // mrs x1, cntvct_el0; mov x2, x1; mov x4, #0
            var loop = program.Here;
            program.Add(0xD503_3FDF, 0xD53B_E043) // isb; mrs x3, cntvct_el0
                .Add(0xEB02_007F, 0x9A84_2484) // cmp x3, x2; cinc x4, x4, lo
                .Add(0xAA03_03E2, 0xCB01_0066, 0xEB05_00DF); // mov x2, x3; sub x6, x3, x1; cmp x6, x5
            program.Add(0x5400_0003 | (uint)((loop - program.Here) & 0x7_FFFF) << 5) // b.lo loop
                .Print("back ").Add(0x1100_C090, 0x3900_0230).Print("."); // add w16, w4, #'0'; strb w16, [x17]
        }

        await using var machine = VirtualMachine.Create(TestMachine.Config(program.PowerOff()) with { Cpu = cpu });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync(".", TestMachine.Patience);
        var between = machine.GetStatistics().Translation!.SystemExits;
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
        Assert.Equal("back 0.back 0.", machine.Console.Text);
        Assert.InRange(machine.GetStatistics().Translation!.SystemExits - between, 0, 1_000);
    }
}
