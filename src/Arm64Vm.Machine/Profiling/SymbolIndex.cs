using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>From an address, in a process or in the part that all share, to its symbol.</summary>
internal sealed class SymbolIndex
{
    /// <summary>A symbol without a size reaches no further than this.</summary>
    private const ulong LongestFunction = 1 << 20;

    private readonly Dictionary<int, List<(ulong Address, ulong End, int Symbol)>> _byProcess = [];

    public SymbolIndex(Profile profile)
    {
        for (var i = 0; i < profile.Symbols.Count; i++)
        {
            var symbol = profile.Symbols[i];
            var process = profile.Modules[symbol.Module].Process;
            if (!_byProcess.TryGetValue(process, out var list))
                _byProcess.Add(process, list = []);
            list.Add((symbol.Address, symbol.Size == 0 ? 0 : symbol.Address + symbol.Size, i));
        }

        foreach (var list in _byProcess.Values)
        {
            list.Sort();
            for (var i = 0; i < list.Count; i++)
            {
                var (address, end, symbol) = list[i];
                var next = i + 1 < list.Count ? list[i + 1].Address : ulong.MaxValue;
                list[i] = (address, end != 0 ? end : Math.Min(next, address + LongestFunction), symbol);
            }
        }
    }

    /// <summary>−1: none is known.</summary>
    public int Find(ulong address, int process)
    {
        var found = FindIn(process, address);
        return found >= 0 || process < 0 ? found : FindIn(-1, address);
    }

    private int FindIn(int process, ulong address)
    {
        if (!_byProcess.TryGetValue(process, out var list))
            return -1;
        int low = 0, high = list.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (list[middle].Address <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && address < list[low - 1].End ? list[low - 1].Symbol : -1;
    }
}
