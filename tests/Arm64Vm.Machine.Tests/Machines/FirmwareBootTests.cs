using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>The embedded firmware's self-tests on every processor, interrupt controller and back end.</summary>
public class FirmwareBootTests
{
    [Theory]
    [InlineData("max", GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData("max", GicVersion.V2, ExecutionBackend.Auto)]
    [InlineData("neoverse-n1", GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData("cortex-a72", GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData("cortex-a53", GicVersion.V2, ExecutionBackend.Auto)]
    [InlineData("max", GicVersion.V3, ExecutionBackend.Il)]
    [InlineData("cortex-a53", GicVersion.V2, ExecutionBackend.Il)]
    [InlineData("max", GicVersion.V3, ExecutionBackend.Interpreter)]
    [InlineData("cortex-a53", GicVersion.V2, ExecutionBackend.Interpreter)]
    public async Task SelfTestsPass(string cpu, GicVersion gic, ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = TestMachine.Firmware(),
            Append = "kernels=none",
            Cpu = cpu,
            Gic = gic,
            Backend = backend,
            Memory = 128 << 20,
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("SELFTESTS", TestMachine.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TestMachine.Patience)).End);
        Assert.DoesNotContain(" FAIL", machine.Console.Text, StringComparison.Ordinal);
        Assert.Contains("FIRMWARE OK", machine.Console.Text, StringComparison.Ordinal);
    }

    /// <summary>The self-test of several processors: CPU_ON, interrupts and events between them, memory and TLB maintenance, CPU_OFF.</summary>
    [Theory]
    [InlineData(2, GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData(4, GicVersion.V2, ExecutionBackend.Auto)]
    [InlineData(8, GicVersion.V2, ExecutionBackend.Auto)]
    [InlineData(8, GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData(16, GicVersion.V3, ExecutionBackend.Auto)]
    [InlineData(2, GicVersion.V3, ExecutionBackend.Interpreter)]
    public async Task SelfTestsPassWithSeveralProcessors(int cpus, GicVersion gic, ExecutionBackend backend)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = TestMachine.Firmware(),
            Append = "kernels=none",
            Cpus = cpus,
            Gic = gic,
            Backend = backend,
            Memory = 128 << 20,
        });
        Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
        Assert.Contains("SELFTEST smp ok", machine.Console.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("skip one CPU", machine.Console.Text, StringComparison.Ordinal);
        Assert.Contains("FIRMWARE OK", machine.Console.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResetEndsTheRunOfProcessorsThatAreBusy()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = TestMachine.Firmware(),
            Append = "kernels=none selftest=0 reset",
            Cpus = 4,
            NoReboot = true,
            Memory = 128 << 20,
        });
        Assert.Equal(RunEnd.Reset, (await TestMachine.RunAsync(machine)).End);
        Assert.Contains("FIRMWARE OK", machine.Console.Text, StringComparison.Ordinal);
    }

    /// <summary>Few rounds of each; `litmus=10000000` is what a change of the memory path or of the cache deserves.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task NoOutcomeIsSeenThatTheMemoryModelForbids(int cpus)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = TestMachine.Firmware(),
            Append = "kernels=none selftest=0 litmus=20000",
            Cpus = cpus,
            Memory = 128 << 20,
        });
        var run = machine.RunAsync();
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(TimeSpan.FromMinutes(5))).End);
        var failed = machine.Console.Text.Split('\n').Where(line => line.StartsWith("LITMUS ", StringComparison.Ordinal) && line.Contains("FAIL", StringComparison.Ordinal));

        // On a busy host a control may not get both CPUs to run at once in its time; that the tests themselves fail is never an accident.
        Assert.DoesNotContain(failed, line => line.Contains("violations", StringComparison.Ordinal) || line.Contains("forbidden", StringComparison.Ordinal));
        Assert.Contains("remapped-page ok", machine.Console.Text, StringComparison.Ordinal);
        Assert.Contains(cpus < 4 ? "IRIW skip needs 4 CPUs" : "IRIW+dmbs ok", machine.Console.Text, StringComparison.Ordinal);
    }
}
