namespace Arm64Vm.Scheduling;

/// <summary>Where an entity is. Who moves it, and when, is in <c>StateMachine</c>.</summary>
internal enum EntityState
{
    /// <summary>Made, not started.</summary>
    Created,

    /// <summary>Nothing to do: in no queue, perhaps in timer wheels.</summary>
    Parked,

    /// <summary>In exactly one queue or inbox, or in the hands of the thread that moves it to one.</summary>
    Queued,

    /// <summary>A worker is in its <see cref="ISchedulable.Run"/>.</summary>
    Running,

    /// <summary>As <see cref="Running"/>, and somebody has woken it since the run began: it is not parked when the run ends.</summary>
    RunningWoken,

    /// <summary>Wants to run, but its group has used up its cap; in the timer wheel of one worker.</summary>
    Throttled,

    /// <summary>Off the scheduler.</summary>
    Finished,
}
