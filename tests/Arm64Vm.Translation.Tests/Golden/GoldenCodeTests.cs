using Arm64Vm.Translation.Tests.Verification;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>IR and host code of typical pieces of guest code are what the committed files say: every change of emitted code shows as a change of a file.</summary>
/// <remarks>
/// After a change that is meant: run with ARM64VM_UPDATE_GOLDEN=1 and read the difference. A new snippet is a file with a title and a
/// section <c>guest</c> of lines <c>  +000  8b020020</c> (offset in the page, instruction word); the update adds the rest.
/// </remarks>
public class GoldenCodeTests
{
    private static bool Update => Environment.GetEnvironmentVariable("ARM64VM_UPDATE_GOLDEN") == "1";

    private static string Folder =>
        Path.GetFullPath(Path.Combine(VectorDirectory.Path, "..", "Arm64Vm.Translation.Tests", "Golden"));

    public static TheoryData<string> Snippets =>
        [.. Directory.EnumerateFiles(Folder, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Snippets))]
    public void EmittedCodeIsAsCommitted(string name)
    {
        string path = Path.Combine(Folder, name + ".txt");
        string[] committed = File.ReadAllLines(path);
        string[] present = SnippetListing.Of(GoldenSnippet.Parse(committed)).Split('\n');
        if (Update)
        {
            File.WriteAllText(path, string.Join('\n', present));
            return;
        }

        int line = FirstDifference(committed, present);
        if (line >= 0)
            Assert.Fail($"{name}.txt line {line + 1} (ARM64VM_UPDATE_GOLDEN=1 writes the files anew)\ncommitted:\n{Around(committed, line)}\nnow:\n{Around(present, line)}");
    }

    [Fact]
    public void ThereAreSnippetsOfEveryKind() => Assert.True(Snippets.Count >= 200);

    private static int FirstDifference(string[] committed, string[] present)
    {
        int length = Math.Max(committed.Length, present.Length);
        for (int i = 0; i < length; i++)
        {
            if (LineAt(committed, i) != LineAt(present, i))
                return i;
        }

        return -1;
    }

    /// <summary>The end of the file counts as empty lines, so that a last line feed makes no difference.</summary>
    private static string LineAt(string[] lines, int index) => index < lines.Length ? lines[index] : string.Empty;

    private static string Around(string[] lines, int line) =>
        string.Join('\n', Enumerable.Range(Math.Max(line - 3, 0), 8).Select(i => (i == line ? "> " : "  ") + LineAt(lines, i)));
}
