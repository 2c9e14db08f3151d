using System.Reflection;
using System.Xml.Linq;

namespace Arm64Vm.Architecture.Tests;

/// <summary>Dependencies point one way: Cli → Machine → Devices → Cpu → Translation → Backend.X64 and Backend.Il → Ir → Isa.</summary>
public class DependencyTests
{
    public static TheoryData<string> Layers => [.. Product.Layers];

    [Fact]
    public void EveryProjectIsALayerOrABuildTool()
    {
        IEnumerable<string> projects = Directory.EnumerateFiles(Product.Sources, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!);
        Assert.Equal(Product.Layers.Concat(Product.Companions.Keys).Concat(Product.BuildTools).Order(StringComparer.Ordinal), projects.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void AProjectNamesTheLayerBelowAndNoOther(string layer)
    {
        List<string> below = Product.Below(layer);
        IEnumerable<string> next = below.TakeLast(1).Any(Product.BackEnds.Contains) ? Product.BackEnds : below.TakeLast(1);
        string[] expected = [.. next, .. Product.Companions.Where(companion => companion.Value == layer).Select(companion => companion.Key)];
        Assert.Equal(expected, ProjectReferences(layer));
    }

    [Fact]
    public void CompanionsAndBuildToolsStandAlone()
    {
        foreach (string tool in Product.BuildTools.Concat(Product.Companions.Keys))
            Expect.None(ProjectReferences(tool));
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void AnAssemblyRefersToLayersBelowOnly(string layer)
    {
        List<string> below = Product.Below(layer);
        IEnumerable<string> product = Product.AssemblyOf(layer).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Arm64Vm", StringComparison.OrdinalIgnoreCase));
        Expect.None(product.Except(below).Except(Product.Companions.Where(companion => companion.Value == layer || below.Contains(companion.Value)).Select(companion => companion.Key)));
    }

    /// <summary>Packages are the front end's business, but for a compression that kernels and disk images use: what executes guests needs nothing but the runtime.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public void PackagesStayAtTheEdge(string layer)
    {
        string[] allowed = layer switch
        {
            "Arm64Vm.Cli" => ["System.CommandLine", "Iced"],
            "Arm64Vm.Machine" or "Arm64Vm.Devices" => ["ZstdSharp.Port"],
            _ => [],
        };
        Expect.None(Items(layer, "PackageReference").Except(allowed));
    }

    /// <summary>Who sees a layer's internals is said once, for all of them, in src/Directory.Build.props.</summary>
    [Theory]
    [MemberData(nameof(Layers))]
    public void ALayerNamesNoFriendsOfItsOwn(string layer) => Expect.None(Items(layer, "InternalsVisibleTo"));

    /// <summary>A device knows guest memory and interrupts, not how instructions are run.</summary>
    [Fact]
    public void DevicesDoNotKnowTheTranslator()
    {
        IEnumerable<string?> references = Product.AssemblyOf("Arm64Vm.Devices").GetReferencedAssemblies().Select(reference => reference.Name);
        Expect.None(references.Intersect(["Arm64Vm.Translation", .. Product.BackEnds]));
    }

    private static IEnumerable<string> ProjectReferences(string project) =>
        Items(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    private static List<string> Items(string project, string kind) =>
        [.. XDocument.Load(Path.Combine(Product.Sources, project, project + ".csproj")).Descendants(kind).Select(item => item.Attribute("Include")!.Value)];
}
