namespace Arm64Vm.Translation.Jit;

/// <summary>Why emitted code was left, by kind.</summary>
internal sealed class JitCounters
{
    public long Links { get; internal set; }

    public long IndirectMisses { get; internal set; }

    /// <summary>Times the processor was asked what a page is: what is left of link requests and indirect misses after the fetch-side TLB.</summary>
    public long Fetches { get; internal set; }

    public long Lookups { get; internal set; }

    public long Faults { get; internal set; }

    public long MemoryExits { get; internal set; }

    public long SystemExits { get; internal set; }

    public long PureExits { get; internal set; }

    /// <summary>Units that were taken from disk instead of being translated; of their guest instructions, and bytes of host code.</summary>
    public long LoadedUnits { get; internal set; }

    public long LoadedInstructions { get; internal set; }

    public long LoadedBytes { get; internal set; }

    /// <summary>Host time spent making code, in ticks of <see cref="System.Diagnostics.Stopwatch"/>; taken only while instructions are counted, or somebody looks at meters.</summary>
    public long TranslationTicks { get; internal set; }
}
