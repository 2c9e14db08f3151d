namespace Arm64Vm.Machine.Profiling;

/// <summary>How a machine is recorded.</summary>
internal sealed record RecordingOptions
{
    public const long ShortestInterval = 50_000;
    public const long LongestInterval = 1_000_000_000;

    /// <summary>Nanoseconds between two samples of a processor; null: about a millisecond, or longer where interrupting a thread costs the host much (<see cref="Backend.X64.Profiling.TimerCost"/>).</summary>
    public long? Interval { get; init; }

    /// <summary>Units count how often they are entered.</summary>
    public bool IsExact { get; init; }

    /// <summary>Files with symbols: ELF files, System.map, or folders of them.</summary>
    public IReadOnlyList<string> SymbolFiles { get; init; } = [];

    /// <summary>Samples kept one by one; further ones still count where they fall.</summary>
    public int MaximumSamples { get; init; } = 2_000_000;

    /// <summary>The product's version, for the file.</summary>
    public string Version { get; init; } = "";
}
