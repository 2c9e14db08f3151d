namespace Arm64Vm.Backend.Il.Tests;

/// <summary>Operations mean the same where the host has no vector, fused or cryptographic instructions at all.</summary>
public class PortabilityTests
{
    [Fact]
    public void OperationsAgreeWithoutHardwareIntrinsics() => WithoutIntrinsics.Run();
}
