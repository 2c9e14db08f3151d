namespace Arm64Vm.Scheduling;

/// <summary>How a scheduler is made.</summary>
internal sealed record SchedulerOptions
{
    /// <summary>Workers at the start; 0: one per processor of the host.</summary>
    public int Workers { get; init; }

    /// <summary>How long an entity runs while others wait.</summary>
    public TimeSpan Quantum { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>How often the workers' time is divided anew among the groups.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Where time comes from; null: the host's monotonic clock.</summary>
    public ISchedulerClock? Clock { get; init; }

    /// <summary>The workers' threads are named after it.</summary>
    public string Name { get; init; } = "worker";
}
