namespace Arm64Vm.Machine.Profiling;

/// <summary>How a machine is recorded.</summary>
internal sealed record RecordingOptions
{
    public const long ShortestInterval = 50_000;
    public const long LongestInterval = 1_000_000_000;

    /// <summary>Nanoseconds between two samples of a processor. Not a divisor of a guest's timer ticks, so that the two do not keep step.</summary>
    public long Interval { get; init; } = 997_000;

    /// <summary>Units count how often they are entered.</summary>
    public bool IsExact { get; init; }

    /// <summary>Files with symbols: ELF files, System.map, or folders of them.</summary>
    public IReadOnlyList<string> SymbolFiles { get; init; } = [];

    /// <summary>Samples kept one by one; further ones still count where they fall.</summary>
    public int MaximumSamples { get; init; } = 2_000_000;

    /// <summary>The product's version, for the file.</summary>
    public string Version { get; init; } = "";
}
