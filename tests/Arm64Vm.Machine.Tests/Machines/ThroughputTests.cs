using System.Diagnostics;
using System.Globalization;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>What multiplexing costs, on demand: units of work for each second of the host's processors.</summary>
public class ThroughputTests
{
    private const int Seconds = 10;
    private const int Rounds = 3;

    /// <summary>64 busy processors on two workers do at least 95 % of what two do there.</summary>
    [Theory]
    [InlineData("interp")]
    [InlineData("sort")]
    public async Task ManyBusyProcessorsDoWhatFewDo(string kernel)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("ARM64VM_TIMING") == "1", "timing of the host: set ARM64VM_TIMING=1 on an idle one");
        var ratios = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            var few = await Measure(kernel, 2);
            ratios[i] = await Measure(kernel, 64) / few;
        }

        Array.Sort(ratios);
        Assert.True(ratios[Rounds / 2] >= 0.95, string.Join(", ", ratios));
    }

    /// <summary>Units that so many machines did for each second of processor time of this process, from the moment when all had started.</summary>
    private static async Task<double> Measure(string kernel, int machines)
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 2 });
        var all = Enumerable.Range(0, machines).Select(_ => hypervisor.Create(new MachineConfig
        {
            Kernel = TestMachine.Firmware(),
            Append = $"kernels={kernel} selftest=0 seconds={Seconds}",
            Memory = 64 << 20,
        })).ToArray();
        var runs = all.Select(machine => machine.RunAsync()).ToArray();
        await Task.WhenAll(all.Select(machine => machine.WaitForConsoleAsync("BOARD", TestMachine.Patience)));
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        await Task.WhenAll(runs).WaitAsync(TimeSpan.FromSeconds(10 * Seconds));
        process.Refresh();
        return all.Sum(machine => Units(machine, kernel)) / (process.TotalProcessorTime - before).TotalSeconds;
    }

    /// <summary>KERNEL name units nanoseconds.</summary>
    private static int Units(VirtualMachine machine, string kernel)
    {
        var line = machine.Console.Text.Split('\n').Single(line => line.StartsWith($"KERNEL {kernel} ", StringComparison.Ordinal));
        return int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }
}
