namespace Arm64Vm.Cpu;

/// <summary>The only source of time in a machine. Tests inject a virtual one; pausing the machine stops it.</summary>
internal interface IVirtualClock
{
    /// <summary>Nanoseconds since the machine was powered on, paused time excluded. Monotonic.</summary>
    ulong Nanoseconds { get; }

    /// <summary>Wall-clock time for real-time clocks, in seconds since 1970-01-01 UTC.</summary>
    ulong UnixSeconds { get; }

    /// <summary>How the host's timestamp gives <see cref="Nanoseconds"/>; null where it does not, or not yet. A new one may replace it at any time.</summary>
    ClockRelation? Relation => null;

    /// <summary>Makes a disarmed one-shot timer whose callback runs on an arbitrary thread once its deadline has passed.</summary>
    IVirtualTimer CreateTimer(Action expired);
}

/// <summary>A one-shot timer of an <see cref="IVirtualClock"/>.</summary>
internal interface IVirtualTimer : IDisposable
{
    /// <summary>Arms the timer for an absolute time of the clock; replaces an earlier deadline. A past deadline fires at once.</summary>
    void Arm(ulong deadlineNanoseconds);

    /// <summary>Disarms the timer; a callback under way may still finish.</summary>
    void Disarm();
}
