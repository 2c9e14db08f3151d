using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide.Tests;

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
    public void AKeyIsPressedAtItsText()
    {
        ConsoleRun run = ConsoleRun.Run(Shell("printf 'Hit any key'; read line; echo pressed"), TimeSpan.FromSeconds(30), ["pressed"], press: "Hit any key");
        Assert.NotNull(run.Milestones[0]);
    }
}
