namespace Arm64Vm.Scheduling;

/// <summary>What a <see cref="Scheduler"/> runs: a resumable piece of work that never blocks, such as a virtual processor.</summary>
internal interface ISchedulable
{
    /// <summary>Works on the calling thread until there is something to decide. At most one thread is in it at any time; each call sees everything that the one before did.</summary>
    /// <remarks>It neither sleeps nor blocks. A call without need is harmless: it finds nothing to do and says so.</remarks>
    ScheduleResult Run();

    /// <summary>Makes <see cref="Run"/> return soon. Any thread, any number of times; also when it does not run, which then costs a short next run.</summary>
    void RequestPreemption();

    /// <summary>The time that was set by <see cref="Scheduler.SetAlarm"/> has come. Any thread; also when the run has just ended, which then costs a look.</summary>
    void AlarmReached()
    {
    }

    /// <summary>It is off the scheduler for good: <see cref="Run"/> returned <see cref="ScheduleReturn.Finished"/>, or threw. Called once, on the worker.</summary>
    /// <param name="failure">What <see cref="Run"/> threw; null in the good case.</param>
    void Finished(Exception? failure);
}
