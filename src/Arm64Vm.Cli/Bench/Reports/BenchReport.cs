using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>A finished run: who and where, the workloads, what went wrong.</summary>
/// <param name="Circumstances">What the figures depend on, in the order to print.</param>
/// <param name="Rows">The workloads, in the order of their runs.</param>
/// <param name="Failures">Runs that did not end as expected, a line each.</param>
internal sealed record BenchReport(IReadOnlyList<KeyValuePair<string, string>> Circumstances, IReadOnlyList<BenchRow> Rows, IReadOnlyList<string> Failures)
{
    public bool HasPeer => Rows.Any(row => row.HasPeer);

    public bool HasNative => Rows.Any(row => row.HasNative);

    /// <summary>For each class of each suite, and over all when there are several.</summary>
    public List<BenchMean> Means
    {
        get
        {
            var means = Rows.Where(row => row.OurTimes.Count > 0).GroupBy(row => (row.Suite, row.Class))
                .Select(group => BenchMean.Of(group.Key.Suite == group.Key.Class ? group.Key.Suite : $"{group.Key.Suite}: {group.Key.Class}", [.. group])).ToList();
            if (means.Count > 1)
                means.Add(BenchMean.Of("all", [.. Rows]));
            return means;
        }
    }
}

/// <summary>Gathers samples as rounds end.</summary>
internal sealed class BenchSamples
{
    private readonly List<(string Suite, Sample First)> _workloads = [];
    private readonly Dictionary<(string Side, string Suite, string Name), double?[]> _times = [];
    private readonly Dictionary<(string Suite, string Name), Figures.WorkloadCounters> _counters = [];
    private readonly int _rounds;

    /// <param name="rounds">How many there can be.</param>
    public BenchSamples(int rounds) => _rounds = rounds;

    /// <summary>Adds what one side's run of a round gave.</summary>
    /// <param name="side">Whose run it was.</param>
    /// <param name="suite">The guest's suite.</param>
    /// <param name="round">From 0.</param>
    /// <param name="samples">The workloads' times.</param>
    public void Add(string side, string suite, int round, IEnumerable<Sample> samples)
    {
        foreach (var sample in samples)
        {
            if (sample.Nanoseconds <= 0)
                continue;
            if (!_workloads.Exists(known => known.Suite == suite && known.First.Name == sample.Name))
                _workloads.Add((suite, sample));
            var key = (side, suite, sample.Name);
            if (!_times.TryGetValue(key, out var times))
                _times.Add(key, times = new double?[_rounds]);
            times[round] = sample.Nanoseconds;
        }
    }

    public void Add(string suite, IReadOnlyDictionary<string, Figures.WorkloadCounters> counters)
    {
        foreach (var (name, value) in counters)
            _counters[(suite, name)] = value;
    }

    /// <summary>The rows of what there is so far.</summary>
    /// <param name="ours">The name of our side.</param>
    /// <param name="peer">The name of the peer.</param>
    /// <param name="native">The name of the host's side.</param>
    public List<BenchRow> Rows(string ours, string peer, string native) =>
    [
        .. _workloads.Select(workload => new BenchRow(workload.Suite, workload.First.Name, workload.First.Class,
            Of(ours, workload), Of(peer, workload), Of(native, workload))
        {
            Counters = _counters.GetValueOrDefault((workload.Suite, workload.First.Name)),
        }),
    ];

    private double?[] Of(string side, (string Suite, Sample First) workload) => _times.GetValueOrDefault((side, workload.Suite, workload.First.Name)) ?? [];
}
