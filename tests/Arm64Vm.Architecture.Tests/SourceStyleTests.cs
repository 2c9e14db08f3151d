using System.Text.RegularExpressions;

namespace Arm64Vm.Architecture.Tests;

/// <summary>Facts of style that no analyzer checks.</summary>
public partial class SourceStyleTests
{
    private const int LongestFile = 800;


    [Fact]
    public void NoFileIsLongerThanAPersonReads() =>
        Expect.None(Product.Names(file => file.Lines.Length > LongestFile));

    [Fact]
    public void NamespacesAreFileScoped() =>
        Expect.None(Product.Names(file => file.Lines.Any(line => BlockNamespace().IsMatch(line))));

    /// <summary>A file's namespace is its folder's, or that of a folder above.</summary>
    [Fact]
    public void NamespacesFollowFolders()
    {
        foreach (SourceFile file in Product.Files())
        {
            string? declared = file.Lines.Select(line => FileNamespace().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
            if (declared is null)
                continue;
            string folder = string.Join('.', file.Folders);
            Assert.True((folder + ".").StartsWith(declared + ".", StringComparison.Ordinal), $"{file} is in namespace {declared}");
        }
    }

    [Fact]
    public void NothingIsLeftForLater() =>
        Expect.None(Product.Names(file => file.Lines.Any(line => LeftForLater().IsMatch(line))));

    [Fact]
    public void NativeCallsAreGeneratedAtBuildTime() =>
        Expect.None(Product.Names(file => file.Lines.Any(line => line.Contains("[DllImport", StringComparison.Ordinal))));

    [GeneratedRegex(@"^\s*namespace\s+[\w.]+\s*(\{|$)")]
    private static partial Regex BlockNamespace();

    [GeneratedRegex(@"^namespace\s+([\w.]+);")]
    private static partial Regex FileNamespace();

    [GeneratedRegex(@"//.*\b(TODO|HACK|FIXME|XXX)\b|throw new NotImplementedException")]
    private static partial Regex LeftForLater();
}
