using Arm64Vm.Cli.Bench.Figures;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>All samples of one workload.</summary>
/// <param name="Suite">The suite it belongs to.</param>
/// <param name="Name">Its name, unique in its suite.</param>
/// <param name="Class">What it is grouped by.</param>
/// <param name="Ours">Nanoseconds, a round each; null: no result.</param>
/// <param name="Peer">The same of the peer, in the same rounds; empty without one.</param>
/// <param name="Native">The same of the host running the same programs; empty without.</param>
internal sealed record BenchRow(string Suite, string Name, string Class, IReadOnlyList<double?> Ours, IReadOnlyList<double?> Peer, IReadOnlyList<double?> Native)
{
    public WorkloadCounters? Counters { get; init; }

    public IReadOnlyList<double> OurTimes { get; } = Times(Ours);

    public IReadOnlyList<double> PeerTimes { get; } = Times(Peer);

    public IReadOnlyList<double> NativeTimes { get; } = Times(Native);

    public bool HasPeer => OurTimes.Count > 0 && PeerTimes.Count > 0;

    public bool HasNative => OurTimes.Count > 0 && NativeTimes.Count > 0;

    /// <summary>How many times as fast as the peer, by medians; null without either.</summary>
    public double? Ratio => HasPeer ? Statistics.Median(PeerTimes) / Statistics.Median(OurTimes) : null;

    /// <summary>The 95 % interval of <see cref="Ratio"/>.</summary>
    public Interval? RatioInterval => HasPeer ? Bootstrap.OfRatio(PeerTimes, OurTimes) : null;

    /// <summary>How many times as long as on the host, by medians; null without either.</summary>
    public double? SlowDown => HasNative ? Statistics.Median(OurTimes) / Statistics.Median(NativeTimes) : null;

    private static List<double> Times(IReadOnlyList<double?> rounds) => [.. rounds.OfType<double>()];
}

/// <summary>The geometric means of a class of workloads.</summary>
/// <param name="Name">The suite and the class.</param>
/// <param name="Count">How many workloads.</param>
/// <param name="Ratio">How many times as fast as the peer; null without one.</param>
/// <param name="RatioInterval">Its 95 % interval.</param>
/// <param name="SlowDown">How many times as long as on the host; null without.</param>
internal sealed record BenchMean(string Name, int Count, double? Ratio, Interval? RatioInterval, double? SlowDown)
{
    public static BenchMean Of(string name, IReadOnlyCollection<BenchRow> rows)
    {
        List<BenchRow> compared = [.. rows.Where(row => row.HasPeer)], native = [.. rows.Where(row => row.HasNative)];
        return new BenchMean(
            name, rows.Count,
            compared.Count > 0 ? Statistics.GeometricMean([.. compared.Select(row => row.Ratio!.Value)]) : null,
            compared.Count > 0 ? Bootstrap.OfMeanRatio([.. compared.Select(row => (row.PeerTimes, row.OurTimes))]) : null,
            native.Count > 0 ? Statistics.GeometricMean([.. native.Select(row => row.SlowDown!.Value)]) : null);
    }
}
