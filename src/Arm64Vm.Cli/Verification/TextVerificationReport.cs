using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Cli.Verification;

/// <summary>A line for every file, the first differences, and the totals.</summary>
internal sealed class TextVerificationReport(TextWriter output) : IVerificationReport
{
    private const int MostFailures = 10;
    private const int MostDifferences = 8;
    private int _shown;

    public void File(string executor, VectorReport report)
    {
        output.WriteLine($"{executor,-16}{report.File,-12}{report.Passed,8} passed {report.Failures.Count,8} failed");
        foreach (var failure in report.Failures)
        {
            if (_shown++ == MostFailures)
                output.WriteLine("  further differences are not shown");
            if (_shown > MostFailures)
                break;
            Write(failure);
        }

        output.Flush();
    }

    public void End(int passed, int failed) => output.WriteLine($"{passed} passed, {failed} failed");

    private void Write(VectorFailure failure)
    {
        output.WriteLine($"  {failure.Name} at {failure.Pc:x}");
        var lines = failure.Disassembly.Split("; ");
        for (var i = 0; i < failure.Words.Count; i++)
            output.WriteLine($"    {failure.Words[i]:x8}  {(i < lines.Length ? lines[i] : "")}");
        foreach (var difference in failure.Differences.Take(MostDifferences))
            output.WriteLine("      " + difference);
        if (failure.Differences.Count > MostDifferences)
            output.WriteLine($"      and {failure.Differences.Count - MostDifferences} more");
    }
}
