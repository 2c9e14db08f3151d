namespace Arm64Vm.Scheduling;

/// <summary>What an entity has done.</summary>
/// <param name="State">Where it is.</param>
/// <param name="RunTime">Time in <see cref="ISchedulable.Run"/>.</param>
/// <param name="Runs">Times it was run.</param>
/// <param name="Preemptions">Runs that ended because another was to run.</param>
/// <param name="Yields">Runs that ended because it let others go first.</param>
/// <param name="Waits">Runs that ended with nothing to do.</param>
/// <param name="Migrations">Runs on another worker than the run before.</param>
/// <param name="Throttles">Times it wanted to run and its group's cap forbade it.</param>
/// <param name="Worker">Where it runs, or ran last.</param>
internal readonly record struct EntityStatistics(
    EntityState State, TimeSpan RunTime, long Runs, long Preemptions, long Yields, long Waits, long Migrations, long Throttles, int Worker);
