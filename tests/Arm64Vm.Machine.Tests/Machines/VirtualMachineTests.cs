namespace Arm64Vm.Machine.Tests.Machines;

public class VirtualMachineTests
{
    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task PrintsAndPowersOff(ExecutionBackend backend)
    {
        using var output = new MemoryStream();
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("hello\n").PowerOff(), backend) with { SerialOutput = output });
        var result = await TestMachine.RunAsync(machine);
        Assert.Equal(RunEnd.PowerOff, result.End);
        Assert.Equal("hello\n", machine.Console.Text);
        Assert.True(machine.Console.Flush(TestMachine.Patience));
        Assert.Equal("hello\n"u8.ToArray(), output.ToArray());
        Assert.Equal(RunState.Ended, machine.State);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task SemihostingExitCarriesTheStatus(ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().SemihostingExit(42), backend));
        var result = await TestMachine.RunAsync(machine);
        Assert.Equal((RunEnd.SemihostingExit, 42), (result.End, result.ExitCode));
    }

    [Fact]
    public async Task ResetStartsAgain()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("[boot]").Reset()));
        var run = machine.RunAsync();
        for (var i = 0; i < 3; i++)
            await machine.WaitForConsoleAsync("[boot]", TestMachine.Patience);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
        Assert.True(machine.GetStatistics().Resets >= 2);
    }

    /// <summary>The user's reset is not the guest's: it starts the machine again whatever NoReboot says.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheResetButtonStartsAgain(bool whilePaused)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("up").Hang(), ExecutionBackend.Auto) with { NoReboot = true });
        machine.Reset();
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("up", TestMachine.Patience);
        if (whilePaused)
            await machine.PauseAsync();
        machine.Reset();
        if (whilePaused)
            machine.Resume();
        await machine.WaitForConsoleAsync("up", TestMachine.Patience);
        Assert.Equal(1, machine.GetStatistics().Resets);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task ResetEndsTheRunWithNoReboot()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Reset()) with { NoReboot = true });
        Assert.Equal(RunEnd.Reset, (await TestMachine.RunAsync(machine)).End);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task PausesShowsItsRegistersAndGoesOn(ExecutionBackend backend)
    {
        // Waits until somebody changes x1.
        var program = new TestProgram().Set(5, 0x1234_5678_9ABC_DEF0).Set(1, 0).Print("ready");
        var loop = TestProgram.Start + (ulong)program.Here * 4;
        program.Add(0xB400_0001).Print("done").PowerOff(); // cbz x1, .
        await using var machine = VirtualMachine.Create(TestMachine.Config(program, backend));
        Assert.Equal(TestProgram.Start, machine.ReadRegisters().Pc);
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("ready", TestMachine.Patience);
        Assert.Throws<InvalidOperationException>(machine.ReadRegisters);
        await machine.PauseAsync();
        Assert.Equal(RunState.Paused, machine.State);
        var registers = machine.ReadRegisters();
        Assert.Equal(loop, registers.Pc);
        Assert.Equal(0x1234_5678_9ABC_DEF0ul, registers.X[5]);
        Assert.Equal(1, registers.ExceptionLevel);
        machine.WriteX(1, 1);
        machine.Resume();
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
        Assert.Equal("readydone", machine.Console.Text);
    }

    [Fact]
    public async Task StopsWhilePaused()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        var run = machine.RunAsync();
        await machine.PauseAsync();
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run.WaitAsync(TestMachine.Patience)).End);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CancellationStopsAGuestThatHangsOrSleeps(bool sleeps)
    {
        var program = sleeps ? new TestProgram().Print("x").Add(0xD503_207F, 0x17FF_FFFF) : new TestProgram().Print("x").Hang(); // wfi; b .-4
        await using var machine = VirtualMachine.Create(TestMachine.Config(program));
        using var cancellation = new CancellationTokenSource();
        var run = machine.RunAsync(cancellation.Token);
        await machine.WaitForConsoleAsync("x", TestMachine.Patience);
        await cancellation.CancelAsync();
        Assert.Equal(RunEnd.Stopped, (await run.WaitAsync(TestMachine.Patience)).End);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Backends), MemberType = typeof(TestMachine))]
    public async Task TakesInput(ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().EchoUntil('.').PowerOff(), backend));
        var run = machine.RunAsync();
        machine.Console.Type("The quick brown fox jumps over the lazy dog.");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
        Assert.Equal("The quick brown fox jumps over the lazy dog.", machine.Console.Text);
    }

    [Fact]
    public async Task MachinesAreIndependent()
    {
        await using var first = VirtualMachine.Create(TestMachine.Config(new TestProgram().EchoUntil('.').PowerOff()));
        await using var second = VirtualMachine.Create(TestMachine.Config(new TestProgram().EchoUntil('.').PowerOff(), ExecutionBackend.Interpreter));
        var runs = Task.WhenAll(first.RunAsync(), second.RunAsync());
        first.Console.Type("one.");
        second.Console.Type("two.");
        await runs.WaitAsync(TestMachine.Patience);
        Assert.Equal(("one.", "two."), (first.Console.Text, second.Console.Text));
    }

    [Fact]
    public async Task MemoryCanBeReadAndWritten()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        byte[] bytes = [1, 2, 3];
        Assert.True(machine.TryWriteMemory(0x4100_0000, bytes));
        var read = new byte[3];
        Assert.True(machine.TryReadMemory(0x4100_0000, read));
        Assert.Equal(bytes, read);
        Assert.False(machine.TryReadMemory(0x0900_0000, read));
        Assert.False(machine.TryReadMemory(0x4000_0000 + (64 << 20) - 1, read));
    }

    [Fact]
    public async Task RunsOnce()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().PowerOff()));
        await TestMachine.RunAsync(machine);
        await Assert.ThrowsAsync<InvalidOperationException>(() => machine.RunAsync());
    }

    [Fact]
    public async Task DisposalStopsARunningMachine()
    {
        var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        var run = machine.RunAsync();
        await machine.DisposeAsync();
        Assert.Equal(RunEnd.Stopped, (await run.WaitAsync(TestMachine.Patience)).End);
        await machine.DisposeAsync();
    }

    [Fact]
    public async Task WaitingForAConsoleTextEndsWithTheMachine()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Print("abc").PowerOff()));
        var run = machine.RunAsync();
        var error = await Assert.ThrowsAsync<TimeoutException>(() => machine.WaitForConsoleAsync("nothing like it", TestMachine.Patience));
        Assert.Contains("abc", error.Message, StringComparison.Ordinal);
        await run;
    }

    [Fact]
    public async Task AStuckTerminalDoesNotKeepTheMachineFromStopping()
    {
        using var stuck = new StuckStream();
        var program = new TestProgram().Print("x");
        program.Add(0x3900_0230, 0x17FF_FFFF); // strb w16, [x17]; b .-4
        await using var machine = VirtualMachine.Create(TestMachine.Config(program) with { SerialOutput = stuck });
        var run = machine.RunAsync();
        while (machine.Console.Length < SerialConsole.HistorySize / 2)
            await Task.Delay(10);
        await machine.PauseAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunState.Paused, machine.State);
        machine.Resume();
        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
        stuck.Release();
    }

    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override void Write(byte[] buffer, int offset, int count) => _released.Wait();
    }
}
