namespace Arm64Vm.Bench.SideBySide;

/// <summary>
/// One row: medians in nanoseconds, the ratio peer / ours of the medians, that of each side's best round (the one that a busy host
/// disturbs least), and the range of the rounds' own ratios.
/// </summary>
internal sealed record ReportRow(string Name, string Class, double Ours, double Peer, double Ratio, double Best, double Least, double Greatest);

/// <summary>A class of rows and the geometric means of their ratios.</summary>
internal sealed record ReportClass(string Name, double Ratio, double Best)
{
    public static ReportClass Of(string name, IReadOnlyCollection<ReportRow> rows) => new(
        name,
        Statistics.GeometricMean([.. rows.Select(row => row.Ratio)]),
        Statistics.GeometricMean([.. rows.Select(row => row.Best)]));
}

/// <summary>A finished comparison.</summary>
internal sealed record Report(
    string Title,
    IReadOnlyList<KeyValuePair<string, string>> Circumstances,
    IReadOnlyList<ReportRow> Rows,
    IReadOnlyList<ReportClass> Classes,
    IReadOnlyList<string> Failures)
{
    /// <summary>
    /// Builds the rows from the samples of all rounds: <paramref name="ours"/>[r] and <paramref name="peer"/>[r] belong together. A name
    /// that one side never printed becomes a failure.
    /// </summary>
    public static Report Build(
        string title,
        IReadOnlyList<KeyValuePair<string, string>> circumstances,
        IReadOnlyList<List<Sample>> ours,
        IReadOnlyList<List<Sample>> peer,
        List<string> failures)
    {
        List<Sample> names = Names([.. ours, .. peer]);
        List<ReportRow> rows = [];
        foreach (Sample name in names)
        {
            List<double> left = Times(ours, name.Name), right = Times(peer, name.Name), ratios = [];
            if (left.Count == 0 || right.Count == 0)
            {
                failures.Add($"{name.Name}: no result from {(left.Count == 0 ? "arm64vm" : "qemu")}");
                continue;
            }

            for (int round = 0; round < ours.Count; round++)
            {
                if (Time(ours[round], name.Name) is double a && Time(peer[round], name.Name) is double b)
                    ratios.Add(b / a);
            }

            double median = Statistics.Median(left), peerMedian = Statistics.Median(right), ratio = peerMedian / median;
            if (ratios.Count == 0)
                ratios.Add(ratio);
            rows.Add(new ReportRow(name.Name, name.Class, median, peerMedian, ratio, right.Min() / left.Min(), ratios.Min(), ratios.Max()));
        }

        return new Report(title, circumstances, rows, ClassesOf(rows), failures);
    }

    private static List<ReportClass> ClassesOf(List<ReportRow> rows)
    {
        List<ReportClass> classes = [];
        foreach (IGrouping<string, ReportRow> group in rows.GroupBy(row => row.Class))
            classes.Add(ReportClass.Of(group.Key, [.. group]));
        if (classes.Count > 1)
            classes.Add(ReportClass.Of("all", rows));
        return classes;
    }

    private static List<Sample> Names(List<List<Sample>> rounds)
    {
        List<Sample> names = [];
        HashSet<string> seen = [];
        foreach (Sample sample in rounds.SelectMany(round => round))
        {
            if (seen.Add(sample.Name))
                names.Add(sample);
        }

        return names;
    }

    private static List<double> Times(IReadOnlyList<List<Sample>> rounds, string name)
    {
        List<double> times = [];
        foreach (List<Sample> round in rounds)
        {
            if (Time(round, name) is double time)
                times.Add(time);
        }

        return times;
    }

    private static double? Time(List<Sample> round, string name)
    {
        foreach (Sample sample in round)
        {
            if (sample.Name == name && sample.Nanoseconds > 0)
                return sample.Nanoseconds;
        }

        return null;
    }
}
