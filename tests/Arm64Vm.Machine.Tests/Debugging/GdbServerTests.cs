using Arm64Vm.Machine.Debugging.Gdb;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>The stub on machines with small programs, on every back end.</summary>
public sealed class GdbServerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task StopsAtBreakpointsStepsAndGoesOn(ExecutionBackend backend)
    {
        // x1 counts; the text is printed when it is 3.
        var program = new TestProgram().Set(1, 0);
        var loop = TestProgram.Start + ((ulong)program.Here * 4);
        program.Add(0x9100_0421, 0xF100_0C3F, 0x54FF_FFC1).Print("done").PowerOff(); // add x1, x1, #1; cmp x1, #3; b.ne loop
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = RspClient.Connect(_path);
        Assert.StartsWith("T05thread:1", await client.AskAsync("?"), StringComparison.Ordinal);
        Assert.Equal(Number(TestProgram.Start), await client.AskAsync("p20"));
        Assert.Equal("OK", await client.AskAsync($"Z0,{loop + 4:x},4"));
        for (ulong round = 1; round <= 3; round++)
        {
            Assert.Contains($"20:{Number(loop + 4)};", await client.AskAsync("vCont;c"), StringComparison.Ordinal);
            Assert.Equal(Number(round), await client.AskAsync("p1"));

            // The guest sees its own instruction there.
            Assert.Equal("3f0c00f1", await client.AskAsync($"m{loop + 4:x},4"));
            Assert.Equal("OK", await client.AskAsync($"z0,{loop + 4:x},4"));
            Assert.Contains($"20:{Number(loop + 8)};", await client.AskAsync("vCont;s:1"), StringComparison.Ordinal);
            Assert.Equal("OK", await client.AskAsync($"Z0,{loop + 4:x},4"));
        }

        Assert.Equal("W00", await client.AskAsync("c"));
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience, TestContext.Current.CancellationToken)).End);
        Assert.Equal("done", machine.Console.Text);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task WatchesVariablesAndDevices(ExecutionBackend backend)
    {
        const ulong Variable = TestProgram.Start + 0x1800;
        var program = new TestProgram().Set(1, Variable).Set(2, 7).Add(0xF900_0022); // str x2, [x1]
        var stored = TestProgram.Start + ((ulong)program.Here * 4) - 4;
        program.Print("x").PowerOff();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = RspClient.Connect(_path);
        Assert.Equal("OK", await client.AskAsync($"Z2,{Variable:x},8"));
        Assert.Equal("OK", await client.AskAsync("Z2,9000000,4"));
        var stop = await client.AskAsync("c");
        Assert.StartsWith($"T05thread:1;watch:{Variable:x};", stop, StringComparison.Ordinal);
        Assert.Contains($"20:{Number(stored)};", stop, StringComparison.Ordinal);
        Assert.Equal("00", await client.AskAsync($"m{Variable:x},1"));
        Assert.Equal("OK", await client.AskAsync($"z2,{Variable:x},8"));
        Assert.StartsWith("T05thread:1;watch:9000000;", await client.AskAsync("c"), StringComparison.Ordinal);
        Assert.Equal("07", await client.AskAsync($"m{Variable:x},1"));
        Assert.Equal("", machine.Console.Text);
        Assert.Equal("OK", await client.AskAsync("z2,9000000,4"));
        Assert.Equal("W00", await client.AskAsync("c"));
        await run.WaitAsync(TestMachine.Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task InterruptsARunningGuestAndLetsItGo()
    {
        var program = new TestProgram().Set(1, 0).Print("ready").Add(0xB400_0001).Print("done").PowerOff(); // cbz x1, .
        await using var machine = VirtualMachine.Create(TestMachine.Config(program));
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("ready", TestMachine.Patience);
        using var client = RspClient.Connect(_path);
        Assert.StartsWith("T05thread:1", await client.AskAsync("?"), StringComparison.Ordinal);
        for (var round = 0; round < 20; round++)
        {
            await client.SendAsync("vCont;c");
            await client.WriteAsync("\u0003");
            Assert.StartsWith("T02thread:1;", await client.ReadAsync(), StringComparison.Ordinal);
            Assert.Equal(RunState.Paused, machine.State);
        }

        Assert.Equal("OK", await client.AskAsync("P1=0100000000000000"));
        Assert.Equal("OK", await client.AskAsync("D"));
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience, TestContext.Current.CancellationToken)).End);
    }

    /// <summary>A debugger that is gone without a word takes its breakpoints with it, and the machine runs on.</summary>
    [Fact]
    public async Task ADebuggerThatVanishesLeavesTheMachineRunning()
    {
        var program = new TestProgram().Set(1, 5);
        var place = TestProgram.Start + ((ulong)program.Here * 4);
        program.Print("done").PowerOff();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program) with { StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using (var client = RspClient.Connect(_path))
        {
            Assert.Equal("OK", await client.AskAsync($"Z0,{place:x},4"));
            Assert.Contains("thread:1", await client.AskAsync("c"), StringComparison.Ordinal);
        }

        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience, TestContext.Current.CancellationToken)).End);
        Assert.Equal("done", machine.Console.Text);
    }

    [Fact]
    public async Task OneDebuggerAtATimeAndTheNextAfterIt()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using (var first = RspClient.Connect(_path))
        {
            Assert.Equal("QC1", await first.AskAsync("qC"));
            using var second = RspClient.Connect(_path);
            await Assert.ThrowsAsync<IOException>(() => second.ByteAsync());
            Assert.Equal("OK", await first.AskAsync("D"));
        }

        await Task.Delay(100, TestContext.Current.CancellationToken);
        using var third = RspClient.Connect(_path);
        Assert.Equal("QC1", await third.AskAsync("qC"));
        await third.SendAsync("vKill;1");
        Assert.Equal(RunEnd.Stopped, (await run.WaitAsync(TestMachine.Patience, TestContext.Current.CancellationToken)).End);
    }

    /// <summary>Both processors run the same loop; one steps while the other stands, then while it runs.</summary>
    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task AProcessorStepsWhileTheOtherStandsOrRuns(ExecutionBackend backend)
    {
        // PSCI CPU_ON of processor 1 at the loop, where each counts in x5.
        const int Loop = 16;
        var program = new TestProgram().Set(0, 0xC400_0003).Set(1, 1).Set(2, TestProgram.Start + (Loop * 4)).Set(3, 0).Add(0xD400_0002);
        while (program.Here < Loop)
            program.Add(0xD503_201F);
        program.Add(0x9100_04A5, 0x17FF_FFFF); // add x5, x5, #1; b .-4
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend) with { Cpus = 2, StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = RspClient.Connect(_path);
        Assert.Equal("m1,2", await client.AskAsync("qfThreadInfo"));
        const ulong Start = TestProgram.Start + (Loop * 4);

        // A breakpoint is for all processors: let each come to it once.
        var seen = new HashSet<char>();
        await client.AskAsync($"Z0,{Start:x},4");
        while (seen.Count < 2)
        {
            var stop = await client.AskAsync("vCont;c");
            Assert.Contains($"20:{Number(Start)};", stop, StringComparison.Ordinal);
            var thread = stop["T05thread:".Length];
            seen.Add(thread);
            await client.AskAsync($"z0,{Start:x},4");
            Assert.Contains($"thread:{thread};", await client.AskAsync($"vCont;s:{thread}"), StringComparison.Ordinal);
            await client.AskAsync($"Z0,{Start:x},4");
        }

        await client.AskAsync($"z0,{Start:x},4");
        await client.AskAsync("Hg2");
        var before = await client.AskAsync("p5");
        for (var step = 0; step < 4; step++)
            Assert.StartsWith("T05thread:1;", await client.AskAsync("vCont;s:1"), StringComparison.Ordinal);
        await client.AskAsync("Hg2");
        Assert.Equal(before, await client.AskAsync("p5"));

        // How far the other comes during a step is the host's affair.
        var after = before;
        for (var step = 0; step < 5_000 && after == before; step++)
        {
            Assert.StartsWith("T05thread:1;", await client.AskAsync("vCont;s:1;c"), StringComparison.Ordinal);
            await client.AskAsync("Hg2");
            after = await client.AskAsync("p5");
        }

        Assert.NotEqual(before, after);
        await client.AskAsync("vKill;1");
    }

    [Fact]
    public async Task BreakpointsOutliveAReset()
    {
        var program = new TestProgram().Set(1, 1);
        var place = TestProgram.Start + ((ulong)program.Here * 4);
        program.Set(2, 2).Reset();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program) with { StartsPaused = true });
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = RspClient.Connect(_path);
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("OK", await client.AskAsync($"Z0,{place:x},4"));
            Assert.Contains($"20:{Number(place)};", await client.AskAsync("c"), StringComparison.Ordinal);
            await client.AskAsync($"z0,{place:x},4");
            await client.AskAsync("s");
        }

        Assert.True(machine.GetStatistics().Resets >= 2);
    }

    /// <summary>Between stops nothing is looked at: a loop on the breakpoint's page runs as often without coming back as it does on a page without one.</summary>
    [Fact]
    public async Task CodeOnThePageOfABreakpointRunsInLinkedUnits()
    {
        var program = new TestProgram().Set(1, 2_000_000).Add(0xF100_0421, 0x54FF_FFE1); // subs x1, x1, #1; b.ne .-4
        var place = TestProgram.Start + ((ulong)program.Here * 4);
        program.Add(0xD503_201F).PowerOff();
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, ExecutionBackend.Auto) with { StartsPaused = true });
        Assert.SkipUnless(machine.IsJit && machine.GetStatistics().Translation is not null, "needs emitted code");
        await using var server = GdbServer.Start(machine, "unix:" + _path);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = RspClient.Connect(_path);
        Assert.Equal("OK", await client.AskAsync($"Z0,{place:x},4"));
        Assert.Contains($"20:{Number(place)};", await client.AskAsync("c"), StringComparison.Ordinal);
        Assert.True(machine.GetStatistics().Translation!.Fetches < 1000, $"{machine.GetStatistics().Translation!.Fetches} fetches");
    }

    private static string Number(ulong value) => Convert.ToHexStringLower(BitConverter.GetBytes(value));
}
