using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class BootGuestTests
{
    private static ConsoleRun Run(string text, double seconds, TimeSpan?[] milestones, int exitCode = 0) =>
        new(text, "", TimeSpan.FromSeconds(seconds), milestones, TimedOut: false, exitCode);

    [Fact]
    public void CountDownsAreTakenOffTheTimeToAPrompt()
    {
        var guest = new BootGuest("edk2", new GuestMachine(), "Shell>", expected: null, TimeSpan.FromSeconds(10));
        Sample sample = Assert.Single(guest.Samples(Run("Shell>", 11, [TimeSpan.FromSeconds(10.5)])));
        Assert.Equal(("edk2", 0.5e9), (sample.Name, sample.Nanoseconds));
    }

    [Fact]
    public void ARunToPowerOffTakesAsLongAsTheProcess()
    {
        var guest = new BootGuest("linux", new GuestMachine(), until: null, "BOOT-OK", TimeSpan.Zero);
        Sample sample = Assert.Single(guest.Samples(Run("BOOT-OK", 2, [])));
        Assert.Equal(2e9, sample.Nanoseconds);
    }

    [Fact]
    public void ARunThatFailedGivesNoTime()
    {
        var guest = new BootGuest("linux", new GuestMachine(), until: null, "BOOT-OK", TimeSpan.Zero);
        ConsoleRun silent = Run("Kernel panic", 2, []), failed = Run("BOOT-OK", 2, [], exitCode: 1);
        Assert.Equal("no 'BOOT-OK'", guest.Problem(silent));
        Assert.NotNull(guest.Problem(failed));
        Assert.Empty(guest.Samples(silent));
        Assert.Empty(guest.Samples(failed));
    }

    [Fact]
    public void AMissingImageIsNamed()
    {
        var e = Assert.Throws<CliException>(() => new BootGuest("f", new GuestMachine { Firmware = "/nowhere/f.fd" }, "x", expected: null, TimeSpan.Zero));
        Assert.Contains("/nowhere/f.fd", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BootsWhoseImagesWereNotFetchedAreNamed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "u-boot.bin"), [1]);
        var missing = new List<string>();
        var guests = StandardBoots.In(folder.Path, name => name.StartsWith("u-", StringComparison.Ordinal) || name == "linux-gic2", missing);
        Assert.Equal(["u-boot"], guests.Select(guest => guest.Name));
        Assert.Equal(["linux-gic2"], missing);
    }
}
