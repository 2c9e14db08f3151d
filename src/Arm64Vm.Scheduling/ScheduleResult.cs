namespace Arm64Vm.Scheduling;

/// <summary>Why <see cref="ISchedulable.Run"/> returned.</summary>
internal enum ScheduleReturn
{
    /// <summary>It was asked to, and has more to do.</summary>
    Preempted,

    /// <summary>It has more to do, but others should go first.</summary>
    Yield,

    /// <summary>Nothing to do before a wake-up or the deadline.</summary>
    Wait,

    /// <summary>It never wants to run again.</summary>
    Finished,
}

/// <summary>What a run ended with.</summary>
/// <param name="Reason">Why it returned.</param>
/// <param name="Deadline">With <see cref="ScheduleReturn.Wait"/>: nanoseconds of the scheduler's clock at which it runs again without a wake-up.</param>
internal readonly record struct ScheduleResult(ScheduleReturn Reason, ulong Deadline = ScheduleResult.Never)
{
    /// <summary>No deadline.</summary>
    public const ulong Never = ulong.MaxValue;
}
