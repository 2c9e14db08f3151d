using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

public class CopiesTests
{
    private const string Small = "--memory=16M";

    [Fact]
    public void CopiesPrintWholeLinesWithTheirNumbers()
    {
        using var kernel = Program(p => p.Print("one\ntwo\nrest").PowerOff());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--copies", "5", "--prefix");
        Assert.Equal((0, ""), (run.Status, run.Error));
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 5).SelectMany(i => new[] { $"[{i}] one", $"[{i}] rest", $"[{i}] two" }), lines.Order(StringComparer.Ordinal));
        for (var i = 0; i < 5; i++)
            Assert.Equal([$"[{i}] one", $"[{i}] two", $"[{i}] rest"], lines.Where(line => line.StartsWith($"[{i}]", StringComparison.Ordinal)));
    }

    [Fact]
    public void TheWorstStatusCounts()
    {
        using var kernel = Program(p => p.SemihostingExit(7));
        Assert.Equal(7, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--copies", "3").Status);
    }

    [Fact]
    public void ATimeOutNamesTheCopies()
    {
        using var kernel = Program(p => p.Hang());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--copies", "12", "--timeout", "0.3");
        Assert.Equal(124, run.Status);
        Assert.Contains("copy 0: time-out after 0.3 s", run.Error, StringComparison.Ordinal);
        Assert.Contains("and 2 more", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--copies", "0")]
    [InlineData("--copies", "2", "--serial", "file:x")]
    [InlineData("--copies", "2", "--stats")]
    [InlineData("--copies", "2", "--virtio-console", "none")]
    [InlineData("--prefix")]
    public void WhatCopiesCannotShareIsRefused(params string[] options)
    {
        using var kernel = Program(p => p.PowerOff());
        Assert.Equal(2, CliRun.Of(["boot", "--kernel", kernel.Path, Small, .. options]).Status);
    }

    [Fact]
    public void CopiesDoNotWriteOneDisk()
    {
        using var kernel = Program(p => p.PowerOff());
        using var disk = new TemporaryFile(new byte[4096]);
        Assert.Equal(2, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--copies", "2", "--disk", disk.Path).Status);
        Assert.Equal(0, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--copies", "2", "--disk", disk.Path + ",snapshot").Status);
    }

    private static TemporaryFile Program(Action<TestProgram> write)
    {
        var program = new TestProgram();
        write(program);
        return new TemporaryFile(program.ToElf());
    }
}
