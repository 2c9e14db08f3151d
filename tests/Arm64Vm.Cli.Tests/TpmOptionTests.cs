using Arm64Vm.Cli.Boot;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Tests;

public class TpmOptionTests
{
    [Fact]
    public void AFolderAndAModelAreRead()
    {
        Assert.Null(TpmOption.Parse(null));
        Assert.Equal(new TpmConfig("state"), TpmOption.Parse("state"));
        Assert.Equal(new TpmConfig("state", TpmInterface.Tis), TpmOption.Parse("state,model=tis"));
        Assert.Equal(new TpmConfig("state", TpmInterface.Crb), TpmOption.Parse("state,model=crb"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",model=tis")]
    [InlineData("state,model=spi")]
    [InlineData("state,model=")]
    public void MistakesAreSaid(string text) => Assert.Throws<CliException>(() => TpmOption.Parse(text));

    [Fact]
    public void AMachineThatNobodyWouldFindTheModuleOfIsRefused() =>
        CliRun.Of("boot", "--memory", "64M", "--tpm", "/nonexistent/x,model=crb").ExpectFailure(1, "is found by ACPI only");
}
