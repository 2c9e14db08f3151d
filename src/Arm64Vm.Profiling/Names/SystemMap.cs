using System.Globalization;

namespace Arm64Vm.Profiling;

/// <summary>Linux's System.map, and /proc/kallsyms, which has the same lines: address, type, name.</summary>
internal static class SystemMap
{
    /// <summary>Functions, ascending by address; empty where the text is something else.</summary>
    public static List<(ulong Address, string Name)> Read(TextReader text)
    {
        var symbols = new List<(ulong Address, string Name)>();
        var wrong = 0;
        while (text.ReadLine() is { } line && wrong < 16)
        {
            var parts = line.Split((char[]?)null, 4, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 3 || parts[1].Length != 1 || !ulong.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address))
                wrong++;
            else if (parts[1][0] is 't' or 'T' or 'w' or 'W' && address != 0 && parts[2][0] != '$')
                symbols.Add((address, parts[2]));
        }

        return [.. symbols.DistinctBy(symbol => symbol.Address).OrderBy(symbol => symbol.Address)];
    }
}
