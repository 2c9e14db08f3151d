namespace Arm64Vm.Cli.Tests;

public class SmokeTests
{
    [Fact]
    public void AssemblyLoads() => Assert.Equal(2, 1 + 1);
}
