using Arm64Vm.Cli.Boot;

namespace Arm64Vm.Cli.Tests;

public class MemorySizeTests
{
    [Theory]
    [InlineData("512", 512UL << 20)]
    [InlineData("64K", 64UL << 10)]
    [InlineData("2G", 2UL << 30)]
    [InlineData("2g", 2UL << 30)]
    [InlineData("1GiB", 1UL << 30)]
    [InlineData("256MB", 256UL << 20)]
    [InlineData("1T", 1UL << 40)]
    public void ReadsSizes(string text, ulong bytes) => Assert.Equal(bytes, MemorySize.Parse("--memory", text));

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("1.5G")]
    [InlineData("0x10")]
    [InlineData("1E")]
    [InlineData("B")]
    [InlineData("18446744073709551615")]
    public void RefusesTheRest(string text) => Assert.Equal(ExitStatus.Usage, Assert.Throws<CliException>(() => MemorySize.Parse("--memory", text)).Status);
}
