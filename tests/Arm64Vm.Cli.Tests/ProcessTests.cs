using System.Diagnostics;
using System.Runtime.InteropServices;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>The built program as a process: signals and pipes.</summary>
public partial class ProcessTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    [InlineData(1, 129)]
    public async Task SignalsStopTheMachineAndGiveTheirStatus(int signal, int status)
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Hang().ToElf());
        using var process = Start("boot", "--kernel", kernel.Path, "--memory", "64M");
        var seen = new char[2];
        await process.StandardOutput.ReadBlockAsync(seen).AsTask().WaitAsync(s_patience);
        Assert.Equal("up", new string(seen));
        Assert.Equal(0, kill(process.Id, signal));
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal((status, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync()));
    }

    [Fact]
    public async Task AClosedPipeDoesNotCrash()
    {
        using var process = Start("disasm", typeof(ProcessTests).Assembly.Location);
        process.StandardOutput.Close();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.True(process.ExitCode is 0 or 1);
        Assert.DoesNotContain("internal error", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AGuestWhoseReaderHasGoneIsStopped()
    {
        var program = new TestProgram().Print("x").Add(0x3900_0230, 0x17FF_FFFF); // strb w16, [x17]; b .-4
        using var kernel = new TemporaryFile(program.ToElf());
        using var process = Start("boot", "--kernel", kernel.Path, "--memory", "64M");
        process.StandardOutput.Close();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal((1, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync()));
    }

    private static Process Start(params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        info.ArgumentList.Add(typeof(Application).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
