namespace Arm64Vm.Translation.Tests.Il;

/// <summary>Nothing outside the x64 back end needs an instruction that only some hosts have.</summary>
public class PortabilityTests
{
    [Fact]
    public void VectorsPassWithoutHardwareIntrinsics() =>
        WithoutIntrinsics.Run("-method", $"{typeof(IlVectorTests).FullName}.{nameof(IlVectorTests.OutcomesAreExactWithoutPasses)}");
}
