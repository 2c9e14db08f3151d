namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>What a machine may do to its neighbour on the same host thread: take its share, and nothing more.</summary>
/// <remarks>Both run on one worker, so the shares are theirs whatever else the host does.</remarks>
public class IsolationTests
{
    private static readonly uint[] s_wfe = [0xD503_205F, 0x17FF_FFFF];

    public static TheoryData<string> Hostile => [.. s_programs.Keys];

    private static readonly Dictionary<string, Func<TestProgram, TestProgram>> s_programs = new()
    {
        ["spins"] = program => program.Hang(),
        ["yields"] = program => program.Add(0xD503_203F, 0x17FF_FFFF),
        ["waits for events that never come"] = program => program.Add(s_wfe),

        // ldr w16, [x17, #0x18]; b .-4
        ["hammers a device"] = program => program.Set(17, 0x0900_0000).Add(0xB940_1A30, 0x17FF_FFFF),

        // msr cntv_tval_el0, xzr; msr cntv_ctl_el0, x1; msr cntv_ctl_el0, xzr; b .-12: the line goes up and down
        ["floods an interrupt line"] = program => program.Set(1, 1).Add(0xD51B_E31F, 0xD51B_E321, 0xD51B_E33F, 0x17FF_FFFD),

        // udf, and the vector at address 0x200 has zeros too
        ["raises exceptions without end"] = program => program.Add(0),

        // eor w2, w2, w5; str w2, [x3]; ic ivau, x3; dsb ish; isb; blr x3; b .-24: the callee changes each time
        ["rewrites its own code"] = program => program.Set(2, 0x9100_0400).Set(5, 0xC00).Set(3, TestProgram.Start + 0x1000).Set(4, 0xD65F_03C0)
            .Add(0xB900_0464, 0x4A05_0042, 0xB900_0062, 0xD50B_7523, 0xD503_3B9F, 0xD503_3FDF, 0xD63F_0060, 0x17FF_FFFA),

        // add x8, x8, #64; and x8, x8, x7; add x3, x6, x8; str w2, [x3]; blr x3; b .-20: new code everywhere
        ["fills its translation cache"] = program => program.Set(2, 0xD65F_03C0).Set(6, TestProgram.Start + 0x10_0000).Set(7, 0x1FF_FFC0).Set(8, 0)
            .Add(0x9101_0108, 0x8A07_0108, 0x8B08_00C3, 0xB900_0062, 0xD63F_0060, 0x17FF_FFFB),

        // smc, hvc with numbers that do not exist
        ["calls what does not exist"] = program => program.Set(0, 0xDEAD).Add(0xD400_0002, 0x17FF_FFFE),
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task ANeighbourKeepsItsShare(string behaviour)
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var victim = hypervisor.Create(TestMachine.Config(new TestProgram().Print("v").Hang()), "victim");
        var hostile = hypervisor.Create(TestMachine.Config(s_programs[behaviour](new TestProgram().Print("h"))), "hostile");
        var runs = new[] { victim.RunAsync(), hostile.RunAsync() };
        await Task.WhenAll(victim.WaitForConsoleAsync("v", TestMachine.Patience), hostile.WaitForConsoleAsync("h", TestMachine.Patience));
        await Task.Delay(100);
        var before = hypervisor.GetUsage();
        await Task.Delay(1200);
        var after = hypervisor.GetUsage();
        var (own, other) = ((after[0].RunTime - before[0].RunTime).TotalSeconds, (after[1].RunTime - before[1].RunTime).TotalSeconds);
        Assert.True(own / (own + other) > 0.42, $"the neighbour got {own:0.000} s of {own + other:0.000} s");

        // It cannot keep itself from being stopped, either, nor its neighbour from ending by itself.
        Assert.False(runs[0].IsCompleted || runs[1].IsCompleted);
        await hostile.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await runs[1]).End);
        Assert.Equal(RunState.Running, victim.State);
        Assert.Equal("v", victim.Console.Text);
    }

    /// <summary>Equal addresses, different memories.</summary>
    [Fact]
    public async Task MachinesDoNotSeeEachOthersMemory()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });

        // str w1, [x2]; the second reads the same address: ldr w1, [x2]; add w1, w1, #'0'; strb w1, [x17]
        var writer = hypervisor.Create(TestMachine.Config(new TestProgram().Set(1, 5).Set(2, TestProgram.Start + 0x8000).Add(0xB900_0041).Print("w").Hang()));
        _ = writer.RunAsync();
        await writer.WaitForConsoleAsync("w", TestMachine.Patience);
        var reader = hypervisor.Create(TestMachine.Config(new TestProgram().Print("r").Set(2, TestProgram.Start + 0x8000).Add(0xB940_0041, 0x1100_C021, 0x3900_0221).PowerOff()));
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(reader)).End);
        Assert.Equal("r0", reader.Console.Text);
    }
}
