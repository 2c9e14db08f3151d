using System.Text;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Verification;

/// <summary>Every recorded instruction and sequence, on the interpreter, with and without the passes, and through a window.</summary>
public class VectorTests
{
    private const int Shown = 40;

    [Theory]
    [CombinatorialFiles]
    public void OutcomesAreExact(string file, bool optimize)
    {
        var options = new TranslatorOptions { Features = FeatureSet.All, Optimize = optimize, Verify = true };
        var runner = new VectorRunner(VectorDirectory.Path);

        VectorReport report = runner.Run(file, (services, memory) => new InterpreterExecutor(memory, services, options));

        Assert.True(report.Failures.Count == 0, Describe(report));
        Assert.True(report.Passed > 1700, report.ToString());
    }

    /// <summary>In emitted code whose loads find a part of the data through a window, and the rest by the TLB and by leaving.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void OutcomesAreExactThroughAWindow(string file)
    {
        var options = new TranslatorOptions { Features = FeatureSet.All, Verify = true };
        VectorReport report = new VectorRunner(VectorDirectory.Path).Run(file, (services, memory) =>
        {
            ((FlatMachine)memory).OpenLoadWindow(FlatMachine.DataBase, 0x1800);
            return new JitExecutor(memory, services, new Translator(options), HostFeatures.Detect());
        });

        Assert.True(report.Failures.Count == 0, Describe(report));
        Assert.True(report.Passed > 1700, report.ToString());
    }

    public static TheoryData<string> Files => [.. VectorRunner.Files];

    private static string Describe(VectorReport report)
    {
        var text = new StringBuilder().AppendLine(report.ToString());
        foreach (IGrouping<string, VectorFailure> group in report.Failures.GroupBy(failure => failure.Name))
            text.AppendLine($"  {group.Key}: {group.Count()}");
        foreach (VectorFailure failure in report.Failures.DistinctBy(failure => failure.Name + failure.Differences.Count).Take(Shown))
            text.AppendLine(failure.ToString());
        return text.ToString();
    }
}
