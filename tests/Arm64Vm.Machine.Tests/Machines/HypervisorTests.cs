using System.Diagnostics;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Many machines on few threads, and what one can do to another.</summary>
public class HypervisorTests
{
    /// <summary>mrs x0, cntvct_el0; add x0, x0, #(4096 * 1000); wfit x0; b .-12: waits about 4 ms again and again.</summary>
    private static readonly uint[] s_nap = [0xD53B_E040, 0x914F_A000, 0xD503_1020, 0x17FF_FFFD];

    [Fact]
    public async Task ManyMachinesRunOnTwoWorkers()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 2 });
        var machines = Enumerable.Range(0, 24).Select(i => hypervisor.Create(TestMachine.Config(new TestProgram().Print($"[{i}]").PowerOff()) with { Memory = 8 << 20 })).ToArray();
        var threads = Process.GetCurrentProcess().Threads.Count;
        Assert.Equal(machines, hypervisor.Machines);
        var results = await Task.WhenAll(machines.Select(TestMachine.RunAsync));
        Assert.All(results, result => Assert.Equal(RunEnd.PowerOff, result.End));
        Assert.All(machines.Index(), pair => Assert.Equal($"[{pair.Index}]", pair.Item.Console.Text));
        Assert.True(threads < 60, $"{threads} threads");
    }

    /// <summary>A guest that spins does not keep others of one worker from running, and each can be paused, resumed and stopped.</summary>
    [Fact]
    public async Task ASpinningMachineSharesTheOnlyWorker()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var spinner = hypervisor.Create(TestMachine.Config(new TestProgram().Print("s").Hang()));
        var spin = spinner.RunAsync();
        await spinner.WaitForConsoleAsync("s", TestMachine.Patience);
        for (var i = 0; i < 3; i++)
        {
            var other = hypervisor.Create(TestMachine.Config(new TestProgram().Print("o").EchoUntil('!').PowerOff()));
            var run = other.RunAsync();
            await other.WaitForConsoleAsync("o", TestMachine.Patience);
            await spinner.PauseAsync().WaitAsync(TestMachine.Patience);
            other.Console.Type("abc!");
            Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
            spinner.Resume();
            await other.DisposeAsync();
        }

        await spinner.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await spin).End);
    }

    /// <summary>Weights by the machines' own counters: what the scheduler's tests show in virtual time, here only that the knob is connected.</summary>
    [Fact]
    public async Task AHeavierMachineGetsMore()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var light = hypervisor.Create(TestMachine.Config(new TestProgram().Print("x").Hang()), "light");
        var heavy = hypervisor.Create(TestMachine.Config(new TestProgram().Print("x").Hang()), "heavy");
        heavy.Weight = 1000;
        _ = light.RunAsync();
        _ = heavy.RunAsync();
        await Task.WhenAll(light.WaitForConsoleAsync("x", TestMachine.Patience), heavy.WaitForConsoleAsync("x", TestMachine.Patience));
        var before = hypervisor.GetUsage();
        await Task.Delay(2000);
        var after = hypervisor.GetUsage();
        var ratio = (after[1].RunTime - before[1].RunTime) / (after[0].RunTime - before[0].RunTime);
        Assert.True(ratio > 3, $"{ratio}");
        Assert.Equal(("light", "heavy"), (after[0].Name, after[1].Name));
    }

    [Fact]
    public async Task ACappedMachineWaits()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var machine = hypervisor.Create(TestMachine.Config(new TestProgram().Print("x").Hang()));
        machine.Cap = 50;
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("x", TestMachine.Patience);
        var (time, before) = (Stopwatch.StartNew(), machine.GetUsage().RunTime);
        await Task.Delay(2000);
        Assert.True((machine.GetUsage().RunTime - before) / time.Elapsed < 0.2);
        Assert.True(machine.GetUsage().Processors[0].Schedule!.Value.Throttles > 0);
        await machine.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    /// <summary>Waits with a deadline are kept by the workers' wheels: no thread, no spinning.</summary>
    [Fact]
    public async Task MachinesThatNapHoldNoWorker()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var machines = Enumerable.Range(0, 8).Select(_ => hypervisor.Create(TestMachine.Config(new TestProgram().Print("n").Add(s_nap)) with { Memory = 8 << 20 })).ToArray();
        foreach (var machine in machines)
            _ = machine.RunAsync();
        await Task.WhenAll(machines.Select(machine => machine.WaitForConsoleAsync("n", TestMachine.Patience)));
        var time = Stopwatch.StartNew();
        while (machines.Any(machine => machine.GetUsage().Processors[0].Schedule is not { Waits: > 20 }))
        {
            Assert.True(time.Elapsed < TestMachine.Patience, "they do not wake");
            await Task.Delay(20);
        }
    }

    /// <summary>A guest that waits for a key through semihosting blocks its worker; others go on.</summary>
    [Fact]
    public async Task AMachineThatWaitsForAKeyDoesNotHoldTheOnlyWorker()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var waiting = hypervisor.Create(TestMachine.Config(new TestProgram().Print("w").Set(0, 7).Add(0xD45E_0000).PowerOff()));
        var run = waiting.RunAsync();
        await waiting.WaitForConsoleAsync("w", TestMachine.Patience);
        var other = hypervisor.Create(TestMachine.Config(new TestProgram().Print("o").PowerOff()));
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(other)).End);

        // The UART takes what comes first.
        waiting.Console.Type("kkkk");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
    }

    /// <summary>A guest whose console is stuck stands without a worker; it goes on when the console does.</summary>
    [Fact]
    public async Task AStuckConsoleStopsItsOwnMachineOnly()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        using var stuck = new GatedStream();
        var program = new TestProgram().Print("x").Add(0x3900_0230, 0x17FF_FFFF); // strb w16, [x17]; b .-4
        var flood = hypervisor.Create(TestMachine.Config(program) with { SerialOutput = stuck });
        var run = flood.RunAsync();
        var last = -1L;
        for (var time = Stopwatch.StartNew(); last != flood.Console.Length || last < SerialConsole.HistorySize / 2; await Task.Delay(50))
        {
            Assert.True(time.Elapsed < TestMachine.Patience);
            last = flood.Console.Length;
        }

        var other = hypervisor.Create(TestMachine.Config(new TestProgram().Print("o").PowerOff()));
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(other)).End);
        stuck.Open();
        for (var time = Stopwatch.StartNew(); flood.Console.Length < last * 2; await Task.Delay(10))
            Assert.True(time.Elapsed < TestMachine.Patience, "it does not go on");
        await flood.StopAsync().WaitAsync(TestMachine.Patience);
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task EventsTellAMachinesLife()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        var seen = new List<MachineEventKind>();
        hypervisor.Changed += change =>
        {
            lock (seen)
                seen.Add(change.Kind);
        };
        var machine = hypervisor.Create(TestMachine.Config(new TestProgram().Print("r").EchoUntil('!').PowerOff()));
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("r", TestMachine.Patience);
        await machine.PauseAsync();
        machine.Resume();
        machine.Console.Type("!");
        await run.WaitAsync(TestMachine.Patience);
        await machine.DisposeAsync();
        lock (seen)
            Assert.Equal([MachineEventKind.Created, MachineEventKind.Started, MachineEventKind.Paused, MachineEventKind.Resumed, MachineEventKind.Ended, MachineEventKind.Disposed], seen);
        Assert.Empty(hypervisor.Machines);
    }

    private sealed class GatedStream : MemoryStream
    {
        private readonly ManualResetEventSlim _open = new();

        public void Open() => _open.Set();

        public override void Write(byte[] buffer, int offset, int count) => _open.Wait();
    }
}
