namespace Arm64Vm.Bench.SideBySide.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void AwaitedTextsKeepTheirOrder()
    {
        Options options = Options.Parse(["boot", "--firmware", "f", "--until", "a", "--until", "b", "--rounds", "7"]);
        Assert.Equal(["a", "b"], options.Until);
        Assert.Equal(7, options.Rounds);
    }

    [Fact]
    public void AMachineIsDescribedOnceForBothSides()
    {
        GuestMachine guest = Options.Parse(
            ["boot", "--kernel", "k", "--initrd", "i", "--append", "a b", "--gic", "2", "--memory", "2G", "--disk", "d", "--disk", "e"]).Guest;
        Assert.Equal(("k", "i", "a b", "2", "2G"), (guest.Kernel, guest.Initrd, guest.CommandLine, guest.Gic, guest.Memory));
        Assert.Equal(["d", "e"], guest.Disks);
    }

    [Theory]
    [InlineData("sing")]
    [InlineData("kernels", "--rounds")]
    [InlineData("kernels", "--rounds", "many")]
    [InlineData("kernels", "--seconds", "-1")]
    [InlineData("kernels", "--colour", "red")]
    [InlineData("kernels", "--format", "xml")]
    [InlineData("boot", "--until", "a")]
    [InlineData("boot", "--kernel", "k", "--vars", "v")]
    [InlineData("boot", "--kernel", "k", "--countdown", "long")]
    public void WhatIsNotUnderstoodIsRefused(params string[] args) => Assert.Throws<UsageException>(() => Options.Parse(args));
}
