using System.Runtime.CompilerServices;

namespace Arm64Vm.Architecture.Tests;

/// <summary>What users of the package can name is decided, not left to happen: types and their members are those of PublicSurface.txt.</summary>
public class PublicSurfaceTests
{
    private const string Update = "ARM64VM_UPDATE_GOLDEN";

    private static string ListPath => Path.Combine(Product.Root, "tests", "Arm64Vm.Architecture.Tests", "PublicSurface.txt");

    [Fact]
    public void ThePublicSurfaceIsTheCommittedList()
    {
        string[] actual = [.. Product.Packaged.SelectMany(name => Product.AssemblyOf(name).GetExportedTypes()).OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(PublicSurface.LinesOf)];
        if (Environment.GetEnvironmentVariable(Update) == "1")
            File.WriteAllLines(ListPath, actual);
        string[] committed = File.ReadAllLines(ListPath);
        var added = actual.Except(committed).Select(line => "+ " + line);
        var removed = committed.Except(actual).Select(line => "- " + line);
        string differences = string.Join(Environment.NewLine, added.Concat(removed));
        Assert.True(actual.SequenceEqual(committed), $"The public surface is not that of PublicSurface.txt. Make it internal, or, where it is meant, run this test with {Update}=1 and commit the list.{Environment.NewLine}{differences}");
    }

    /// <summary>What runs instructions is nothing that users see.</summary>
    [Fact]
    public void LayersThatRunInstructionsHaveNoPublicTypes()
    {
        foreach (string layer in (string[])["Arm64Vm.Isa", "Arm64Vm.Ir", .. Product.BackEnds, "Arm64Vm.Translation", "Arm64Vm.Scheduling", "Arm64Vm.Cli"])
            Expect.None(Product.AssemblyOf(layer).GetExportedTypes().Select(type => type.FullName));
    }

    /// <summary>The list would show a changed parameter, nullability, default or accessor.</summary>
    [Fact]
    public void TheListShowsSignatures()
    {
        string[] lines = [.. PublicSurface.LinesOf(typeof(Sample))];
        Assert.Equal(
        [
            "class Arm64Vm.Architecture.Tests.PublicSurfaceTests+Sample : IDisposable",
            "    const int Limit = 3",
            "    Sample(string? name)",
            "    int Count { get; init; }",
            "    string Name { get; }",
            "    event Action<int>? Changed",
            "    void Dispose()",
            "    static bool TryFind(string name, out IReadOnlyList<string?>? found, int limit = 3)",
        ], lines);
    }

    [Fact]
    public void InternalsAreVisibleToOwnAssembliesOnly()
    {
        foreach (string layer in Product.Layers.Concat(Product.Companions.Keys))
        {
            var friends = Product.AssemblyOf(layer).GetCustomAttributes(typeof(InternalsVisibleToAttribute), false).Cast<InternalsVisibleToAttribute>();
            Expect.None(friends.Select(friend => friend.AssemblyName).Where(name => name != "arm64vm" && !name.StartsWith("Arm64Vm.", StringComparison.Ordinal)));
        }
    }

    public sealed class Sample(string? name) : IDisposable
    {
        public const int Limit = 3;

        public event Action<int>? Changed;

        public string Name { get; } = name ?? string.Empty;

        public int Count { get; init; }

        public static bool TryFind(string name, out IReadOnlyList<string?>? found, int limit = Limit)
        {
            found = null;
            return name.Length > limit;
        }

        public void Dispose() => Changed?.Invoke(Hidden());

        internal int Hidden() => Count;
    }
}
