using System.Text;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Verification;

/// <summary>Holds a back end to the outcomes of a file of vectors.</summary>
internal static class VectorReportAssert
{
    private const int Shown = 20;

    /// <summary>Vectors ran, and none failed; else the first failures are shown.</summary>
    public static void Passed(VectorReport report)
    {
        Assert.True(report.Passed > 0, "no vector ran");
        if (report.Failures.Count == 0)
            return;
        StringBuilder text = new();
        text.AppendLine(report.ToString());
        foreach (VectorFailure failure in report.Failures.Take(Shown))
            text.AppendLine(failure.ToString());
        Assert.Fail(text.ToString());
    }
}
