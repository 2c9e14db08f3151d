namespace Arm64Vm.Profiling;

/// <summary>Of what, where, when and how long a profile was recorded.</summary>
internal sealed record ProfileInfo
{
    /// <summary>Version of the product that recorded it.</summary>
    public string Version { get; init; } = "";

    /// <summary>The host's processor and system.</summary>
    public string Host { get; init; } = "";

    /// <summary>What was booted.</summary>
    public string Guest { get; init; } = "";

    /// <summary>What executed the guest.</summary>
    public string Backend { get; init; } = "";

    /// <summary>When recording began.</summary>
    public DateTimeOffset Start { get; init; }

    /// <summary>Nanoseconds recorded.</summary>
    public long Duration { get; init; }

    /// <summary>Nanoseconds between two samples of a processor.</summary>
    public long SampleInterval { get; init; }

    /// <summary>Virtual processors.</summary>
    public int Processors { get; init; }

    /// <summary>Units counted how often they were entered.</summary>
    public bool IsExact { get; init; }

    /// <summary>Samples taken beyond what was kept; those in <see cref="ProfileBlock.Samples"/> are complete.</summary>
    public long DroppedSamples { get; init; }

    /// <summary>Events beyond what was kept.</summary>
    public long DroppedEvents { get; init; }
}
