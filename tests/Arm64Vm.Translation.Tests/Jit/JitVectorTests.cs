using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Tests.Verification;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Every recorded instruction and sequence, as emitted code.</summary>
public class JitVectorTests
{
    public static TheoryData<string> Files => [.. VectorRunner.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public void OutcomesAreExact(string file) => Check(file, HostFeatures.Detect(), optimize: true);

    [Theory]
    [MemberData(nameof(Files))]
    public void OutcomesAreExactWithoutPasses(string file) => Check(file, HostFeatures.Detect(), optimize: false);

    /// <summary>The fall-backs for hosts that have the baseline and nothing more.</summary>
    [Theory]
    [InlineData("fp-simd")]
    [InlineData("sequences")]
    public void OutcomesAreExactOnTheBaseline(string file) =>
        Check(file, HostFeatures.Detect().Without("aes,pclmulqdq,sha,gfni,vaes,vpclmulqdq,avxvnni,avx512"), optimize: true);

    private static void Check(string file, HostFeatures features, bool optimize)
    {
        TranslatorOptions options = new() { Features = FeatureSet.All, Optimize = optimize };
        VectorReport report = new VectorRunner(VectorDirectory.Path)
            .Run(file, (services, memory) => new JitExecutor(memory, services, new Translator(options), features));
        VectorReportAssert.Passed(report);
    }
}
