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

    [Theory]
    [InlineData("sing")]
    [InlineData("kernels", "--rounds")]
    [InlineData("kernels", "--rounds", "many")]
    [InlineData("kernels", "--seconds", "-1")]
    [InlineData("kernels", "--colour", "red")]
    [InlineData("kernels", "--format", "xml")]
    [InlineData("boot", "--firmware", "f")]
    public void WhatIsNotUnderstoodIsRefused(params string[] args) => Assert.Throws<UsageException>(() => Options.Parse(args));
}
