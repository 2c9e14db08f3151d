namespace Arm64Vm.Profiling;

/// <summary>A function, or what is known of code without a name.</summary>
/// <param name="Name">The symbol's name, or an address range.</param>
/// <param name="Module">The module's or process's name; may be empty.</param>
/// <param name="Symbol">The symbol's index; −1: it has none.</param>
/// <param name="Self">Samples in it.</param>
/// <param name="Total">Samples in it and in what it called.</param>
/// <param name="Emitted">Of <paramref name="Self"/>: those in emitted code; the others were spent outside on its behalf.</param>
internal sealed record FunctionRow(string Name, string Module, int Symbol, long Self, long Total, long Emitted);

/// <summary>Samples by something.</summary>
internal sealed record ShareRow(string Name, long Samples);

/// <summary>Ranked functions, modules and processes of a profile.</summary>
internal sealed class FunctionTable
{
    private FunctionTable(IReadOnlyList<FunctionRow> functions, IReadOnlyList<ShareRow> modules, IReadOnlyList<ShareRow> processes, long samples)
    {
        Functions = functions;
        Modules = modules;
        Processes = processes;
        Samples = samples;
    }

    /// <summary>By <see cref="FunctionRow.Self"/>, most first.</summary>
    public IReadOnlyList<FunctionRow> Functions { get; }

    public IReadOnlyList<ShareRow> Modules { get; }

    public IReadOnlyList<ShareRow> Processes { get; }

    /// <summary>All samples of the guest running, which shares are of.</summary>
    public long Samples { get; }

    public static FunctionTable Of(Profile profile)
    {
        var self = new Dictionary<string, (FunctionRow Row, long Emitted)>(StringComparer.Ordinal);
        var keys = new string[profile.Frames.Count];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = KeyOf(profile, profile.Frames[i]);
        var byStack = new Dictionary<int, (long Samples, long Emitted)>();
        var processes = new Dictionary<string, long>(StringComparer.Ordinal);
        long all = 0;
        foreach (var sample in profile.Samples)
        {
            if (sample.Stack < 0 || sample.Place == ProfilePlace.Host)
                continue;
            all += sample.Weight;
            var sum = byStack.GetValueOrDefault(sample.Stack);
            byStack[sample.Stack] = (sum.Samples + sample.Weight, sum.Emitted + (sample.Place == ProfilePlace.Emitted ? sample.Weight : 0));
            var process = ProcessName(profile, sample.Process);
            processes[process] = processes.GetValueOrDefault(process) + sample.Weight;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (stack, (samples, emitted)) in byStack)
        {
            seen.Clear();
            var isLeaf = true;
            for (var node = stack; node >= 0; node = profile.Stacks[node].Parent)
            {
                var frame = profile.Stacks[node].Frame;
                var key = keys[frame];
                if (seen.Add(key))
                {
                    if (!self.TryGetValue(key, out var known))
                        known = (RowOf(profile, profile.Frames[frame]), 0);
                    var row = known.Row;
                    self[key] = (row with { Self = row.Self + (isLeaf ? samples : 0), Total = row.Total + samples, Emitted = row.Emitted + (isLeaf ? emitted : 0) }, 0);
                }

                isLeaf = false;
            }
        }

        List<FunctionRow> functions = [.. self.Values.Select(known => known.Row).OrderByDescending(row => row.Self).ThenByDescending(row => row.Total).ThenBy(row => row.Name, StringComparer.Ordinal)];
        List<ShareRow> modules = [.. functions.Where(row => row.Self > 0).GroupBy(row => row.Module).Select(group => new ShareRow(group.Key, group.Sum(row => row.Self))).OrderByDescending(row => row.Samples)];
        return new FunctionTable(functions, modules, [.. processes.Select(one => new ShareRow(one.Key, one.Value)).OrderByDescending(row => row.Samples)], all);
    }

    /// <summary>A process's name for tables.</summary>
    public static string ProcessName(Profile profile, int process)
    {
        if (process < 0)
            return "-";
        var known = profile.Processes[process];
        return known.Name.Length > 0 ? known.Name : $"process {known.TableBase:x}";
    }

    /// <summary>What a place is called: its function, or the page of code without one.</summary>
    public static string NameOf(Profile profile, ulong address, int symbol) =>
        symbol >= 0 ? profile.Symbols[symbol].Name : $"{address & ~0xFFFUL:x}+";

    /// <summary>The same for frames of one function, or of one page of code without a name; of a program or library, in every process that has it.</summary>
    internal static string KeyOf(Profile profile, in ProfileFrame frame)
    {
        if (frame.Symbol >= 0)
        {
            var symbol = profile.Symbols[frame.Symbol];
            var module = profile.Modules[symbol.Module];
            return module.Process < 0 ? $"{frame.Symbol}" : $"{module.Path}/{module.Name}/{symbol.Address - module.Start:x}";
        }

        return ModuleAt(profile, frame) is { } image ? $"{image.Path}/{image.Name}+{PageIn(image, frame):x}" : $"{frame.Address & ~0xFFFUL:x}/{frame.Process}";
    }

    /// <summary>The row of a frame, without samples yet.</summary>
    internal static FunctionRow RowOf(Profile profile, in ProfileFrame frame)
    {
        if (frame.Symbol >= 0)
            return new FunctionRow(profile.Symbols[frame.Symbol].Name, profile.Modules[profile.Symbols[frame.Symbol].Module].Name, frame.Symbol, 0, 0, 0);
        if (ModuleAt(profile, frame) is { } image)
            return new FunctionRow($"text+{PageIn(image, frame):x}", image.Name, -1, 0, 0, 0);
        var module = frame.Process >= 0 ? ProcessName(profile, frame.Process) : (frame.Address >> 55 & 1) != 0 ? "kernel?" : "";
        return new FunctionRow(NameOf(profile, frame.Address, -1), module, -1, 0, 0, 0);
    }

    /// <summary>The program, library or image of firmware that has an address without a symbol; null: none is known.</summary>
    private static ProfileModule? ModuleAt(Profile profile, in ProfileFrame frame)
    {
        foreach (var module in profile.Modules)
        {
            if (module.Process == frame.Process && frame.Address >= module.Start && frame.Address < module.End)
                return module;
        }

        return null;
    }

    /// <summary>A page's offset from the start of the image's code, wherever that was loaded.</summary>
    private static ulong PageIn(ProfileModule image, in ProfileFrame frame) => (frame.Address & ~0xFFFUL) - (image.Start & ~0xFFFUL);
}
