namespace Arm64Vm.Profiling;

/// <summary>What a machine did during a recording: where its time went, what was translated into what, and why code was left or thrown away.</summary>
/// <remarks>
/// Tables refer to each other by index; −1 stands for none. Times are nanoseconds of the host's monotonic clock from the recording's
/// start, addresses are the guest's. Lists may be added to while a profile is built; nothing in it is synchronised.
/// </remarks>
internal sealed class Profile
{
    /// <summary>Of what, where, when and how long.</summary>
    public required ProfileInfo Info { get; init; }

    /// <summary>Kernel, firmware, programs and libraries that symbols come from.</summary>
    public List<ProfileModule> Modules { get; init; } = [];

    /// <summary>Functions. Sorted by address within a module; modules of different processes may overlap.</summary>
    public List<ProfileSymbol> Symbols { get; init; } = [];

    /// <summary>Address spaces of EL0 that were seen.</summary>
    public List<ProfileProcess> Processes { get; init; } = [];

    /// <summary>Translated units that were sampled, counted or removed.</summary>
    public List<ProfileBlock> Blocks { get; init; } = [];

    /// <summary>Places in guest code that stacks are made of.</summary>
    public List<ProfileFrame> Frames { get; init; } = [];

    /// <summary>Stacks as a tree: a node's parent is its caller, and comes before it in the list.</summary>
    public List<ProfileStack> Stacks { get; init; } = [];

    /// <summary>Every sample in the order of time, as far as they were kept (<see cref="ProfileInfo.DroppedSamples"/>).</summary>
    public List<ProfileSample> Samples { get; init; } = [];

    /// <summary>Leaving emitted code, by reason and site.</summary>
    public List<ProfileExit> Exits { get; init; } = [];

    /// <summary>Accesses that the inline TLB could not do, by page and site.</summary>
    public List<ProfileMiss> Misses { get; init; } = [];

    /// <summary>Translations thrown away, by cause, page and site.</summary>
    public List<ProfileInvalidation> Invalidations { get; init; } = [];

    /// <summary>Code that was translated more than once from the same bytes.</summary>
    public List<ProfileRetranslation> Retranslations { get; init; } = [];

    /// <summary>The recording cut into equal slices: wall-time split and state of the cache.</summary>
    public List<ProfileSlice> Timeline { get; init; } = [];

    /// <summary>Translations and removals one by one, as far as they were kept.</summary>
    public List<ProfileEvent> Events { get; init; } = [];

    /// <summary>Totals that belong to no place, by name: links, lookups, hits of the jump cache and the like.</summary>
    public SortedDictionary<string, long> Counters { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Wall time of all processors by where it was spent; sums up to <see cref="ProfileInfo.Duration"/> times the processors. One value a <see cref="ProfilePlace"/>, in nanoseconds.</summary>
    public long[] Places { get; init; } = new long[ProfilePlaces.Count];
}
