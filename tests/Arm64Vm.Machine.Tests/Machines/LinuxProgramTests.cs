using System.Globalization;
using System.Text.RegularExpressions;
using Arm64Vm.Machine.Tests.Guests;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>firmware/linux-tests as the first process under Debian's kernel, group by group.</summary>
public partial class LinuxProgramTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);

    [Theory]
    [InlineData("signal", 6)]
    [InlineData("fp", 6)]
    [InlineData("code", 11)]
    [InlineData("step", 6)]
    [InlineData("debug", 11)]
    [InlineData("exception", 11)]
    [InlineData("memory", 7)]
    [InlineData("process", 2)]
    [InlineData("atomic", 5)]
    [InlineData("time", 4)]
    [InlineData("pauth", 4)]
    [InlineData("perf", 5)]
    public async Task EveryTestOfTheGroupPasses(string group, int tests)
    {
        var summary = await Run("max", $"only={group}-");
        Assert.Equal(tests, Count(summary, "ok") + Count(summary, "skipped"));
    }

    [Theory]
    [InlineData("max,pauth=qarma5")]
    [InlineData("cortex-a53")]
    [InlineData("cortex-a72")]
    [InlineData("neoverse-n1")]
    public async Task EveryTestPassesOnTheModel(string cpu)
    {
        var summary = await Run(cpu, "");
        Assert.Equal(78, Count(summary, "ok") + Count(summary, "skipped"));
    }

    private static async Task<Match> Run(string cpu, string selection)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Cpu = cpu,
            Kernel = GuestFiles.Find("Image"),
            Initrd = BootSource.FromBytes(NewcArchive.OfProgram("init", Program())),
            Append = $"console=ttyAMA0 quiet panic=-1 {selection}",
            NoReboot = true,
        });
        var result = await machine.RunAsync().WaitAsync(s_patience);
        Assert.Equal(RunEnd.PowerOff, result.End);
        var summary = Summary().Match(machine.Console.Text);
        Assert.True(summary.Success, machine.Console.Text);
        Assert.True(Count(summary, "failed") == 0, machine.Console.Text);
        return summary;
    }

    private static int Count(Match summary, string group) => int.Parse(summary.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static byte[] Program()
    {
        using var stream = typeof(LinuxProgramTests).Assembly.GetManifestResourceStream("linux-tests.elf")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    [GeneratedRegex(@"LINUX (?<ok>\d+) ok, (?<skipped>\d+) skipped, (?<failed>\d+) failed")]
    private static partial Regex Summary();
}
