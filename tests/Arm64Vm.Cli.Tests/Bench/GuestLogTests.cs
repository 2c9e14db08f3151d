using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Tests.Bench;

public sealed class GuestLogTests
{
    [Fact]
    public void AKernelLineGivesTheTimeOfOneIteration()
    {
        List<Sample> samples = GuestLog.Kernels("BOARD gic=v3\r\nKERNEL sort 100 500000000\r\nKERNEL fft 8 4000\r\nKERNELS done\r\n");
        Assert.Equal([new Sample("sort", "integer", 5e6), new Sample("fft", "FP", 500)], samples);
    }

    [Theory]
    [InlineData("KERNEL sha256 skip")]
    [InlineData("KERNEL sort FAIL expected 0x1 got 0x2")]
    [InlineData("KERNEL sort 0 0")]
    [InlineData("KERNEL sort -1 500")]
    [InlineData("KERNEL sort 10 99999999999999999999999999")]
    [InlineData("xKERNEL sort 10 20")]
    public void OtherLinesGiveNothing(string line) => Assert.Empty(GuestLog.Kernels(line));

    [Fact]
    public void AProgramThatFailedGivesNoTime()
    {
        List<Sample> samples = GuestLog.Results("RESULT gzip 1200 rc=0\r\nRESULT gcc 300 rc=1\r\nDONE\r\n", "program");
        Assert.Equal([new Sample("gzip", "program", 1.2e9)], samples);
    }

    [Fact]
    public void AProgramThatFailedIsNamed() =>
        Assert.Equal(["sort rc=1"], GuestLog.FailedResults("RESULT gcc 10 rc=0\r\nRESULT sort 5 rc=1\r\n"));
}
