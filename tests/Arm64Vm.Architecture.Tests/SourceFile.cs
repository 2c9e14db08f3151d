using System.Text.RegularExpressions;

namespace Arm64Vm.Architecture.Tests;

/// <summary>One C# file under src, named by its path from there.</summary>
internal sealed partial class SourceFile(string name)
{
    private string[]? lines;

    public string Name { get; } = name;

    public string[] Folders { get; } = name.Split('/')[..^1];

    public string Layer => Folders[0];

    public string[] Lines => lines ??= File.ReadAllLines(Path.Combine(Product.Sources, Name));

    public bool IsUnsafe => Lines.Any(line => UnsafeKeyword().IsMatch(Comment().Replace(line, string.Empty)));

    public bool SaysWhySafe => Lines.Any(line => line.Contains("SAFETY", StringComparison.Ordinal));

    /// <summary>The file that holds the main part of a partial type: Vcpu.cs for Vcpu.Memory.cs.</summary>
    public SourceFile MainPart
    {
        get
        {
            string file = Path.GetFileName(Name);
            string main = string.Join('/', [.. Folders, file[..file.IndexOf('.', StringComparison.Ordinal)] + ".cs"]);
            return File.Exists(Path.Combine(Product.Sources, main)) ? new SourceFile(main) : this;
        }
    }

    public override string ToString() => Name;

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex(@"//.*|""[^""]*""")]
    private static partial Regex Comment();
}
