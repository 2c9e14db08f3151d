namespace Arm64Vm.Isa.Tests;

public class A64CoverageReportTests
{
    [Fact]
    public void NamesWhatIsMissing()
    {
        var output = new StringWriter();
        A64CoverageReport.Write(output, op => op != A64Opcode.Adrp);
        string text = output.ToString();
        Assert.Contains("   1 /   2 PcRelative: Adrp", text, StringComparison.Ordinal);
        Assert.EndsWith($"{A64Opcodes.Count - 2,4} / {A64Opcodes.Count - 1,3}{Environment.NewLine}", text, StringComparison.Ordinal);
        Assert.Equal(A64Opcodes.Count - 2, A64CoverageReport.Count(op => op != A64Opcode.Adrp));
    }

    [Fact]
    public void GroupsStayTogether()
    {
        var output = new StringWriter();
        A64CoverageReport.Write(output, _ => true);
        string[] groups = [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[10..].Trim()).Where(n => n.Length > 0)];
        Assert.Equal(groups.Distinct(StringComparer.Ordinal), groups);
        Assert.Equal(Enum.GetValues<A64Group>().Length - 1, groups.Length);
    }
}
