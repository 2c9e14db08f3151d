namespace Arm64Vm.Profiling;

/// <summary>How often emitted code found what it looked for, where a recording counted entries.</summary>
/// <param name="Name">What was looked for.</param>
/// <param name="Count">How often.</param>
/// <param name="Misses">How often in vain.</param>
/// <param name="IsAtMost">The count is that of whole units: an exit in the middle of one leaves a part out.</param>
internal readonly record struct HitRate(string Name, long Count, long Misses, bool IsAtMost = false)
{
    /// <summary>Between 0 and 1.</summary>
    public double Hits => Count == 0 ? 0 : Math.Max(0, 1 - (Misses / (double)Count));

    /// <summary>Empty where entries were not counted.</summary>
    public static IReadOnlyList<HitRate> Of(Profile profile)
    {
        if (!profile.Info.IsExact)
            return [];
        long returns = 0, unpredicted = 0, branches = 0, accesses = 0;
        foreach (var block in profile.Blocks)
        {
            returns += block.Costs.Returns;
            unpredicted += block.Costs.ReturnMisses;
            branches += block.Costs.Branches + block.Costs.PageChanges;
            accesses += Math.Max(0, block.Entries) * block.Costs.Accesses;
        }

        return
        [
            new HitRate("returns predicted", returns, unpredicted),
            new HitRate("branches found in the fetch-side TLB and its tables", branches + unpredicted, profile.Counters.GetValueOrDefault("branch misses")),
            new HitRate("memory accesses done by the inline TLB", accesses, profile.Counters.GetValueOrDefault("memory exits"), IsAtMost: true),
        ];
    }
}
