namespace Arm64Vm.Cli.Commands;

/// <summary>Names of addresses, and where data lie between code.</summary>
internal sealed class CodeSymbols
{
    private readonly Dictionary<ulong, List<string>> _names = [];
    private readonly HashSet<ulong> _code = [];
    private readonly HashSet<ulong> _data = [];

    public static CodeSymbols None => new();

    /// <summary>Mapping symbols ($x, $d, and with a suffix) are no names.</summary>
    public void Add(ulong address, string name)
    {
        if (name.StartsWith("$x", StringComparison.Ordinal))
            _code.Add(address);
        else if (name.StartsWith("$d", StringComparison.Ordinal))
            _data.Add(address);
        else if (name.Length > 0 && !_names.TryAdd(address, [name]) && !_names[address].Contains(name))
            _names[address].Add(name);
    }

    public IReadOnlyList<string> At(ulong address) => _names.TryGetValue(address, out var names) ? names : [];

    /// <summary>Code or data from an address on; null: as before.</summary>
    public bool? BeginsData(ulong address) => _data.Contains(address) ? true : _code.Contains(address) ? false : null;
}
