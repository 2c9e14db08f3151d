namespace Arm64Vm.Backend.X64.Tests;

public class SmokeTests
{
    [Fact]
    public void AssemblyLoads() => Assert.Equal(2, 1 + 1);
}
