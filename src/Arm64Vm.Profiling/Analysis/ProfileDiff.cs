namespace Arm64Vm.Profiling;

/// <summary>A share in two profiles, from 0 to 1.</summary>
internal readonly record struct DiffRow(string Name, double Before, double After)
{
    public double Change => After - Before;
}

/// <summary>What is different between two profiles: by share of time, since recordings are of different length.</summary>
/// <param name="Places">Shares of the wall time.</param>
/// <param name="Functions">Shares of the guest's time, the largest change first.</param>
/// <param name="Counts">Totals a second.</param>
internal sealed record ProfileDiff(IReadOnlyList<DiffRow> Places, IReadOnlyList<DiffRow> Functions, IReadOnlyList<DiffRow> Counts)
{
    public static ProfileDiff Of(Profile before, Profile after)
    {
        List<DiffRow> places = [];
        for (var i = 0; i < ProfilePlaces.Count; i++)
            places.Add(new DiffRow(ProfilePlaces.Name((ProfilePlace)i), Share(before, i), Share(after, i)));
        var first = Shares(before);
        var second = Shares(after);
        var counters = before.Counters.Keys.Union(after.Counters.Keys).Select(name => new DiffRow(name, Rate(before, name), Rate(after, name)));
        return new ProfileDiff(
            places,
            [.. first.Keys.Union(second.Keys).Select(name => new DiffRow(name, first.GetValueOrDefault(name), second.GetValueOrDefault(name))).OrderByDescending(row => Math.Abs(row.Change)).ThenBy(row => row.Name, StringComparer.Ordinal)],
            [.. counters]);
    }

    private static double Share(Profile profile, int place) => profile.Places[place] / (double)Math.Max(1, profile.Places.Sum());

    private static double Rate(Profile profile, string counter) => profile.Counters.GetValueOrDefault(counter) / Math.Max(1e-9, profile.Info.Duration / 1e9);

    /// <summary>Code without a name is one row: its addresses mean nothing in another run.</summary>
    private static Dictionary<string, double> Shares(Profile profile)
    {
        var table = FunctionTable.Of(profile);
        return table.Functions.GroupBy(row => row.Symbol >= 0 ? Findings.Title(row) : $"code without a name ({row.Module})")
            .ToDictionary(group => group.Key, group => group.Sum(row => row.Self) / (double)Math.Max(1, table.Samples));
    }
}
