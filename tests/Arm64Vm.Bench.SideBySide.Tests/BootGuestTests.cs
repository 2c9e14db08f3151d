namespace Arm64Vm.Bench.SideBySide.Tests;

public sealed class BootGuestTests
{
    private static ConsoleRun Run(string text, double seconds, TimeSpan?[] milestones, int exitCode = 0) =>
        new(text, TimeSpan.FromSeconds(seconds), milestones, TimedOut: false, exitCode);

    [Fact]
    public void CountDownsAreTakenOffTheTimeToAPrompt()
    {
        using BootGuest guest = new("edk2", new GuestMachine(), "Shell>", expected: null, TimeSpan.FromSeconds(10));
        Sample sample = Assert.Single(guest.Samples(Run("Shell>", 11, [TimeSpan.FromSeconds(10.5)])));
        Assert.Equal(("edk2", 0.5e9), (sample.Name, sample.Nanoseconds));
    }

    [Fact]
    public void ARunToPowerOffTakesAsLongAsTheProcess()
    {
        using BootGuest guest = new("linux", new GuestMachine(), until: null, "BOOT-OK", TimeSpan.Zero);
        Sample sample = Assert.Single(guest.Samples(Run("BOOT-OK", 2, [])));
        Assert.Equal(2e9, sample.Nanoseconds);
    }

    [Fact]
    public void ARunThatFailedGivesNoTime()
    {
        using BootGuest guest = new("linux", new GuestMachine(), until: null, "BOOT-OK", TimeSpan.Zero);
        ConsoleRun silent = Run("Kernel panic", 2, []), failed = Run("BOOT-OK", 2, [], exitCode: 1);
        Assert.Equal("no 'BOOT-OK'", guest.Problem(silent));
        Assert.NotNull(guest.Problem(failed));
        Assert.Empty(guest.Samples(silent));
        Assert.Empty(guest.Samples(failed));
    }

    [Fact]
    public void AMissingImageIsNamed()
    {
        Options options = Options.Parse(["boot", "--firmware", "/nowhere/f.fd"]);
        UsageException e = Assert.Throws<UsageException>(() => new BootGuest(options));
        Assert.Contains("/nowhere/f.fd", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownBootIsRefusedWithTheNamesThereAre()
    {
        Options options = Options.Parse(["boots", "--boots", "windows"]);
        UsageException e = Assert.Throws<UsageException>(() => StandardBoots.For(options));
        Assert.Contains("linux-gic2", e.Message, StringComparison.Ordinal);
    }
}
