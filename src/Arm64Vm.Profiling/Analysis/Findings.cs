using System.Globalization;

namespace Arm64Vm.Profiling;

/// <summary>What a profile says, in plain words, most costly first.</summary>
internal static class Findings
{
    /// <summary>Less of the time than this is not worth a sentence.</summary>
    private const double Worth = 0.03;
    private const double MuchIdle = 0.2;
    private const double HotInstruction = 0.25;

    public static IReadOnlyList<string> Of(Profile profile, FunctionTable functions)
    {
        var found = new List<(double Weight, string Text)>();
        var wall = (double)Math.Max(1, profile.Places.Sum());
        var busy = Math.Max(1, wall - Time(ProfilePlace.Idle));
        var seconds = Math.Max(1e-9, profile.Info.Duration / 1e9);
        AddFunctions();
        AddTranslation();
        AddPlace(ProfilePlace.Mmu, "finishing memory accesses that the inline TLB could not do", TopMiss());
        AddPlace(ProfilePlace.RunLoop, "in the run loop, outside emitted code", TopExits());
        AddPlace(ProfilePlace.Devices, "in registers of devices", TopSite(ProfilePlace.Devices));
        AddPlace(ProfilePlace.Scheduler, "ready to run, but without a host thread: the host's processors are short", "");
        AddPlace(ProfilePlace.Host, "with the host, which had the thread do something else or ran other processes", "");
        AddStores();
        if (Time(ProfilePlace.Idle) / wall > MuchIdle)
            found.Add((0.001, $"{Percent(Time(ProfilePlace.Idle) / wall)} of the wall time the guest's processors wait; the shares here are of the rest."));
        return [.. found.OrderByDescending(one => one.Weight).Select(one => one.Text)];

        double Time(ProfilePlace place) => profile.Places[(int)place];

        void AddPlace(ProfilePlace place, string what, string more)
        {
            var share = Time(place) / busy;
            if (share >= Worth)
                found.Add((share, $"{Percent(share)} of the time is spent {what}.{(more.Length > 0 ? " " + more : "")}"));
        }

        void AddFunctions()
        {
            foreach (var row in functions.Functions.Take(3))
            {
                var share = row.Self / (double)Math.Max(1, functions.Samples);
                if (share < 2 * Worth)
                    break;
                var text = $"{Percent(share)} of the guest's time is in {Title(row)}.";
                if (Hottest(row.Symbol) is var (address, part) && part > HotInstruction)
                    text += $" {Percent(part)} of that is one instruction: see --annotate {address:x}.";
                found.Add((share / 2, text));
            }
        }

        (ulong Address, double Part)? Hottest(int symbol)
        {
            if (symbol < 0)
                return null;
            var counts = new Dictionary<ulong, long>();
            foreach (var block in profile.Blocks)
            {
                if (block.Symbol != symbol || block.Samples.Length == 0)
                    continue;
                var samples = block.SamplesByInstruction();
                for (var i = 0; i < samples.Length; i++)
                    counts[block.VirtualAddress + ((ulong)i * 4)] = counts.GetValueOrDefault(block.VirtualAddress + ((ulong)i * 4)) + samples[i];
            }

            var all = counts.Values.Sum();
            return all == 0 ? null : counts.MaxBy(one => one.Value) is var top ? (top.Key, top.Value / (double)all) : null;
        }

        void AddTranslation()
        {
            var share = Time(ProfilePlace.Translate) / busy;
            if (share < Worth)
                return;
            var made = profile.Counters.GetValueOrDefault("units");
            var again = profile.Retranslations.Sum(one => one.Count);
            var text = $"{Percent(share)} of the time makes translations: {made:N0} units, {made / seconds:N0} a second.";
            if (again > made / 20)
                text += $" {Percent(again / (double)Math.Max(1, made))} of them had been made before from the same bytes{(profile.Retranslations is [var worst, ..] ? $", most in {FunctionTable.NameOf(profile, worst.VirtualAddress, worst.Symbol)}" : "")}.";
            else
                text += " Nearly all of that is code that runs for the first time.";
            found.Add((share, text));
        }

        string TopMiss()
        {
            var all = profile.Misses.Where(miss => miss.Kind != MissKind.Fetch).Sum(miss => miss.Count);
            var top = profile.Misses.Where(miss => miss.Kind != MissKind.Fetch).GroupBy(miss => (miss.Symbol, Page: miss.Symbol < 0 ? miss.Site & ~0xFFFUL : 0)).MaxBy(group => group.Sum(miss => miss.Count));
            return top is null ? "" : $"{all / seconds:N0} accesses a second; {Percent(top.Sum(miss => miss.Count) / (double)all)} of them in {FunctionTable.NameOf(profile, top.First().Site, top.Key.Symbol)}.";
        }

        string TopExits()
        {
            var all = profile.Exits.Sum(exit => exit.Count);
            if (profile.Exits.Count == 0)
                return "";
            var top = profile.Exits.GroupBy(exit => exit.Reason).Select(group => (Reason: group.Key, Count: group.Sum(exit => exit.Count), First: group.First())).MaxBy(group => group.Count);
            return $"{all / seconds:N0} exits a second; {Percent(top.Count / (double)Math.Max(1, all))} are {top.Reason}, most in {FunctionTable.NameOf(profile, top.First.Site, top.First.Symbol)}.";
        }

        string TopSite(ProfilePlace place)
        {
            var stacks = profile.Samples.Where(sample => sample.Place == place && sample.Stack >= 0).GroupBy(sample => profile.Frames[profile.Stacks[sample.Stack].Frame].Symbol).MaxBy(group => group.Count());
            return stacks is null ? "" : $"Most in {FunctionTable.NameOf(profile, profile.Frames[profile.Stacks[stacks.First().Stack].Frame].Address, stacks.Key)}.";
        }

        void AddStores()
        {
            var stores = profile.Invalidations.Where(one => one.Cause is RemovalCause.Write or RemovalCause.Dma).ToList();
            var lost = stores.Sum(one => one.Blocks);
            var made = Math.Max(1, profile.Counters.GetValueOrDefault("units"));
            if (lost < made / 10 || lost < 100)
                return;
            var top = stores.MaxBy(one => one.Blocks);
            found.Add((lost / (double)made / 10, $"{lost:N0} units, {Percent(lost / (double)made)} of all, were lost because their bytes were written; most by {FunctionTable.NameOf(profile, top.Site, top.Symbol)} in the page at {top.Page:x}."));
        }
    }

    /// <summary>A function with its module.</summary>
    public static string Title(FunctionRow row) => row.Module.Length > 0 ? $"{row.Name} ({row.Module})" : row.Name;

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
}
