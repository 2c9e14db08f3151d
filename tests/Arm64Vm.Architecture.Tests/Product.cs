using System.Reflection;

namespace Arm64Vm.Architecture.Tests;

/// <summary>The product's layers, sources and assemblies.</summary>
internal static class Product
{
    /// <summary>From the bottom up: a layer may use those before it, never those after it.</summary>
    public static IReadOnlyList<string> Layers { get; } =
    [
        "Arm64Vm.Isa",
        "Arm64Vm.Ir",
        "Arm64Vm.Backend.X64",
        "Arm64Vm.Backend.Il",
        "Arm64Vm.Translation",
        "Arm64Vm.Cpu",
        "Arm64Vm.Devices",
        "Arm64Vm.Machine",
        "Arm64Vm.Cli",
    ];

    /// <summary>Layers side by side: they use what is below both, and the layer above uses both.</summary>
    public static IReadOnlyList<string> BackEnds { get; } = ["Arm64Vm.Backend.X64", "Arm64Vm.Backend.Il"];

    /// <summary>The layers that a layer may use: those below it, without its neighbour.</summary>
    public static List<string> Below(string layer) =>
        [.. Layers.TakeWhile(name => name != layer).Where(name => !(BackEnds.Contains(layer) && BackEnds.Contains(name)))];

    /// <summary>Projects beside the chain: they use no layer. One layer each uses them.</summary>
    public static IReadOnlyDictionary<string, string> Companions { get; } = new Dictionary<string, string>
    {
        ["Arm64Vm.Scheduling"] = "Arm64Vm.Machine",
        ["Arm64Vm.Profiling"] = "Arm64Vm.Machine",
    };

    /// <summary>What goes into the package of the library: everything but the command line.</summary>
    public static IEnumerable<string> Packaged => Layers.Where(layer => layer != "Arm64Vm.Cli").Concat(Companions.Keys);

    /// <summary>Programs that are run while the product is built; they use no layer and no layer uses them.</summary>
    public static IReadOnlyList<string> BuildTools { get; } = ["Arm64Vm.Isa.Generator"];

    public static string Root { get; } = FindRoot();

    public static string Sources => Path.Combine(Root, "src");

    /// <summary>The compiled assembly of a layer.</summary>
    public static Assembly AssemblyOf(string layer) =>
        Assembly.Load(layer == "Arm64Vm.Cli" ? "arm64vm" : layer);

    /// <summary>Hand-written C# files of the product.</summary>
    public static IEnumerable<SourceFile> Files() =>
        Directory.EnumerateFiles(Sources, "*.cs", SearchOption.AllDirectories)
            .Select(path => new SourceFile(Path.GetRelativePath(Sources, path).Replace('\\', '/')))
            .Where(file => !file.Folders.Any(folder => folder is "bin" or "obj" or "Generated"))
            .OrderBy(file => file.Name, StringComparer.Ordinal);

    /// <summary>Names of the files for which the condition holds, for messages that list them all.</summary>
    public static List<string> Names(Func<SourceFile, bool> condition) => [.. Files().Where(condition).Select(file => file.Name)];

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Arm64Vm.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new DirectoryNotFoundException("the repository's root is not above the tests");
    }
}
