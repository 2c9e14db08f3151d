using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Tests.Verification;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Il;

/// <summary>Every recorded instruction and sequence as IL that the runtime compiles.</summary>
public class IlVectorTests
{
    public static TheoryData<string> Files => [.. VectorRunner.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public void OutcomesAreExact(string file) => Check(file, optimize: true, IlOptions.Immediate);

    [Theory]
    [InlineData("dp-imm")]
    [InlineData("dp-reg")]
    [InlineData("branch")]
    [InlineData("ldst")]
    [InlineData("sequences")]
    public void OutcomesAreExactWithoutPasses(string file) => Check(file, optimize: false, IlOptions.Immediate);

    /// <summary>Interpreted, then while a background thread compiles, then compiled: the outcome is the same every time.</summary>
    [Theory]
    [InlineData("dp-reg")]
    [InlineData("branch")]
    [InlineData("ldst")]
    [InlineData("sequences")]
    public void OutcomesAreExactAtEveryTier(string file) => Check(file, optimize: true, new IlOptions { Threshold = 1 }, times: 4);

    private static void Check(string file, bool optimize, IlOptions tiers, int times = 1)
    {
        TranslatorOptions options = new() { Features = FeatureSet.All, Optimize = optimize, MaxSideExits = 3 };
        VectorReport report = new VectorRunner(VectorDirectory.Path)
            .Run(file, (services, memory) => new IlExecutor(memory, services, options, tiers), times: times);
        VectorReportAssert.Passed(report);
    }
}
