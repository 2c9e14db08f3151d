namespace Arm64Vm.Machine.Tests;

public class SmokeTests
{
    [Fact]
    public void AssemblyLoads() => Assert.Equal(2, 1 + 1);
}
