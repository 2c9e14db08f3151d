using System.Diagnostics;
using Arm64Vm.Machine.Lockstep;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Translated code that is kept: a second machine takes it from disk and does the same.</summary>
public sealed class CodeCacheTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "arm64vm-code-" + Guid.NewGuid().ToString("N"));
    private readonly List<string> _messages = [];

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private MachineConfig Config => new()
    {
        Kernel = TestMachine.Firmware(),
        Append = "kernels=none",
        Memory = 128 << 20,
        Backend = ExecutionBackend.X64,
        CodeCache = new CodeCache(_folder, _messages.Add),
    };

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ASecondMachineTakesItsCodeFromDisk(int cpus)
    {
        var cold = await Run(Config with { Cpus = cpus });
        Assert.Equal(0, cold.LoadedUnits);
        var warm = await Run(Config with { Cpus = cpus });
        Assert.True(warm.LoadedUnits > warm.Units * 9 / 10, $"{warm.LoadedUnits} of {warm.Units} units were loaded");
        Assert.True(warm.LoadedBytes > warm.CodeBytes * 8 / 10);
        Assert.Empty(_messages);
    }

    [Fact]
    public async Task AMachineFindsAfterAResetWhatItHasTranslatedBefore()
    {
        await using var machine = VirtualMachine.Create(Config with { Append = "kernels=none idle" });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("FIRMWARE OK", TestMachine.Patience);
        machine.Reset();
        var limit = Stopwatch.StartNew();
        while (machine.Console.Text.Split("FIRMWARE OK").Length < 3)
        {
            Assert.True(limit.Elapsed < TestMachine.Patience, machine.Console.Text);
            await Task.Delay(10);
        }

        var after = machine.GetStatistics();
        Assert.Equal(1, after.Resets);
        Assert.True(after.Translation!.LoadedUnits > after.Translation.Units * 8 / 10, $"{after.Translation}");
        await machine.StopAsync();
        await run;
    }

    [Fact]
    public async Task AnotherProcessorModelHasCodeOfItsOwn()
    {
        await Run(Config);
        var other = await Run(Config with { Cpu = "cortex-a53" });
        Assert.Equal(0, other.LoadedUnits);
    }

    [Fact]
    public async Task ADamagedFileChangesNothing()
    {
        await Run(Config);
        var file = Assert.Single(Directory.GetFiles(_folder));
        var content = File.ReadAllBytes(file);
        content[content.Length / 3] ^= 1;
        File.WriteAllBytes(file, content);
        await Run(Config);
        Assert.Contains("damaged", Assert.Single(_messages), StringComparison.Ordinal);
        var third = await Run(Config);
        Assert.True(third.LoadedUnits > third.Units / 2);
        Assert.Single(_messages);
    }

    [Fact]
    public async Task AFolderThatCannotBeUsedIsToldOnceAndDoesWithout()
    {
        File.WriteAllText(_folder, "");
        try
        {
            var run = await Run(Config);
            Assert.Equal(0, run.LoadedUnits);
            Assert.EndsWith("; not used", Assert.Single(_messages), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    /// <summary>Unit after unit from disk, compared with the interpreter.</summary>
    [Fact]
    public void CodeFromDiskAgreesWithTheInterpreter()
    {
        for (var round = 0; round < 2; round++)
        {
            using var machine = new LockstepMachine(Config with { Memory = 64 << 20 });
            var result = machine.Run();
            Assert.Empty(result.Differences);
            Assert.Equal(LockstepEnd.GuestEnded, result.End);
            var translation = TranslationStatistics.Collect(machine.Jit.Board.ProcessorExecutors)!;
            Assert.Equal(round == 1, translation.LoadedUnits > translation.Units * 9 / 10);
        }
    }

    [Fact]
    public async Task MeasuringAndClearing()
    {
        CodeCache cache = new(_folder);
        Assert.Equal((0, 0), cache.Measure());
        Assert.Equal((0, 0), cache.Clear());
        await Run(Config);
        var (files, bytes) = cache.Measure();
        Assert.Equal(1, files);
        Assert.True(bytes > 10000);
        Assert.Equal((files, bytes), cache.Clear());
        Assert.Equal((0, 0), cache.Measure());
    }

    private static async Task<TranslationStatistics> Run(MachineConfig config)
    {
        await using var machine = VirtualMachine.Create(config);
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
        Assert.Contains("FIRMWARE OK", machine.Console.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(" FAIL", machine.Console.Text, StringComparison.Ordinal);
        return machine.GetStatistics().Translation!;
    }
}
