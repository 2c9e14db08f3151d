namespace Arm64Vm.Scheduling;

/// <summary>An alarm clock for each worker, and one thread that hears them all. Setting one wakes no thread.</summary>
internal abstract class WorkerAlarms : IDisposable
{
    /// <summary>Switches an alarm off.</summary>
    public const ulong Off = ulong.MaxValue;

    /// <summary>The host's best.</summary>
    public static WorkerAlarms Create(ISchedulerClock clock) =>
        TimerAlarms.IsSupported ? new TimerAlarms() : new SleeperAlarms<NoPoints>(clock, Sleeper.Create());

    /// <summary>Makes the alarm of a place, if it is not there; before it is set.</summary>
    /// <exception cref="InvalidOperationException">The host has none to give.</exception>
    public abstract void Open(int place);

    /// <summary>Lets the alarm of a place ring after so many nanoseconds, and not when it was set to before. Any thread.</summary>
    public abstract void Set(int place, ulong nanoseconds);

    /// <summary>Waits until alarms ring; a bit for each place, none when <see cref="Stop"/> was called or for no reason. One thread.</summary>
    public abstract ulong Wait();

    /// <summary>Ends the wait, now or when it begins. Any thread.</summary>
    public abstract void Stop();

    /// <summary>Nobody waits any more.</summary>
    public abstract void Dispose();
}
