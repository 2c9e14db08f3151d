using System.Diagnostics;
using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class ConsoleRunTests
{
    private static ProcessStartInfo Shell(string script) => new("/bin/sh") { ArgumentList = { "-c", script } };

    [Fact]
    public void ARunEndsWithTheLastAwaitedTextAndTheProcessIsGone()
    {
        ConsoleRun run = ConsoleRun.Run(Shell("echo first; echo second; sleep 60"), TimeSpan.FromSeconds(30), ["first", "second"]);
        Assert.False(run.TimedOut);
        Assert.All(run.Milestones, milestone => Assert.NotNull(milestone));
        Assert.True(run.Elapsed < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void AnAwaitedTextMayArriveInPieces()
    {
        ConsoleRun run = ConsoleRun.Run(Shell("printf =; sleep 0.2; printf '> '; sleep 60"), TimeSpan.FromSeconds(30), ["=> "]);
        Assert.False(run.TimedOut);
    }

    [Fact]
    public void ASilentRunIsEndedByItsTimeout()
    {
        ConsoleRun run = ConsoleRun.Run(Shell("echo here; exec sleep 60"), TimeSpan.FromSeconds(1), ["never"]);
        Assert.True(run.TimedOut);
        Assert.Null(run.Milestones[0]);
        Assert.Equal("here\n", run.Text);
    }

    [Fact]
    public void WhatAProgramSaysOnStandardErrorIsKeptApart()
    {
        ConsoleRun run = ConsoleRun.Run(Shell("echo out; echo trouble >&2; exit 7"), TimeSpan.FromSeconds(30), []);
        Assert.Equal(("out\n", "trouble\n", 7), (run.Text, run.Messages, run.ExitCode));
    }

    [Fact]
    public void ACancelledRunLeavesNoProcess()
    {
        using var cancellation = new CancellationTokenSource();
        var process = 0;
        Assert.Throws<OperationCanceledException>(() => ConsoleRun.Run(Shell("echo $$; exec sleep 60"), TimeSpan.FromSeconds(30), ["never"], text =>
        {
            process = int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            cancellation.Cancel();
        }, cancellation.Token));
        Assert.NotEqual(0, process);
        Assert.False(Directory.Exists($"/proc/{process}"));
    }

    [Fact]
    public void AProgramThatIsNotThereIsNamed() =>
        Assert.Contains("/nowhere/qemu", Assert.Throws<CliException>(() => ConsoleRun.FirstLine(new ProcessStartInfo("/nowhere/qemu"))).Message, StringComparison.Ordinal);
}
