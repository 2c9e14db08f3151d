namespace Arm64Vm.Isa.Tests;

public class SmokeTests
{
    [Fact]
    public void AssemblyLoads() => Assert.Equal(2, 1 + 1);
}
