namespace Arm64Vm.Profiling;

/// <summary>One slice of the recording.</summary>
internal sealed record ProfileSlice
{
    /// <summary>When it begins.</summary>
    public long Start { get; init; }

    /// <summary>Nanoseconds.</summary>
    public long Length { get; init; }

    /// <summary>Wall time of all processors in it, one value a <see cref="ProfilePlace"/>, in nanoseconds.</summary>
    public long[] Places { get; init; } = new long[ProfilePlaces.Count];

    /// <summary>Bytes of host code alive at its end.</summary>
    public long CodeBytes { get; init; }

    /// <summary>Units alive at its end.</summary>
    public long Blocks { get; init; }

    /// <summary>Units made in it.</summary>
    public long Translated { get; init; }

    /// <summary>Units removed in it.</summary>
    public long Removed { get; init; }

    /// <summary>Times that emitted code was left in it.</summary>
    public long Exits { get; init; }

    /// <summary>Samples in it by tier: fast code, regions.</summary>
    public long[] TierSamples { get; init; } = new long[2];
}

/// <summary>Kinds of <see cref="ProfileEvent"/>.</summary>
internal enum EventKind
{
    /// <summary>A unit was made.</summary>
    Translation,

    /// <summary>Units of a page were removed.</summary>
    Invalidation,

    /// <summary>Units were removed for room.</summary>
    Eviction,

    /// <summary>Everything was dropped.</summary>
    Flush,
}

/// <summary>Something that happened to the translation cache.</summary>
/// <param name="Kind">What.</param>
/// <param name="Time">When it began.</param>
/// <param name="Length">Nanoseconds that it took.</param>
/// <param name="Processor">Which processor did it; −1: not known.</param>
/// <param name="Address">Virtual address of translated code, physical address of a page.</param>
/// <param name="Block">Index of the block, or −1.</param>
/// <param name="Size">Bytes of host code made, or units removed.</param>
internal readonly record struct ProfileEvent(EventKind Kind, long Time, long Length, int Processor, ulong Address, int Block, int Size);
