using Arm64Vm.Cpu;

namespace Arm64Vm.Cli.Boot;

/// <summary>The log categories by the names that the command line has for them.</summary>
internal static class LogNames
{
    private static readonly (string Name, LogCategories Category)[] s_names =
    [
        ("blocks", LogCategories.Blocks),
        ("exceptions", LogCategories.Exceptions),
        ("sysregs", LogCategories.SystemRegisters),
        ("mmio", LogCategories.Mmio),
        ("guest", LogCategories.Guest),
        ("interrupts", LogCategories.Interrupts),
        ("host", LogCategories.Host),
        ("all", LogCategories.All),
    ];

    public static string[] All { get; } = Array.ConvertAll(s_names, entry => entry.Name);

    /// <exception cref="CliException">There is no such category.</exception>
    public static LogCategories Parse(IEnumerable<string> names)
    {
        var categories = LogCategories.None;
        foreach (var name in names.SelectMany(list => list.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            var place = Array.FindIndex(s_names, entry => entry.Name == name);
            if (place < 0)
                throw CliException.Usage($"--log: there is no category '{name}'; there are {string.Join(", ", All)}");
            categories |= s_names[place].Category;
        }

        return categories;
    }

    public static string NameOf(LogCategories category)
    {
        var place = Array.FindIndex(s_names, entry => entry.Category == category);
        return place < 0 ? "log" : s_names[place].Name;
    }
}
