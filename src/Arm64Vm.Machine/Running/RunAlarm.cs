using Arm64Vm.Cpu;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine.Running;

/// <summary>The alarm of a running vCPU's timers: the scheduler's keeper tells the run that the time has come.</summary>
/// <remarks>
/// Arming is a store, and a system call only when the time comes before the run is limited anyway; a timer of the clock would take two locks and could wake a thread. Times are converted
/// when they are set; the host's clock and the machine's may drift apart by parts in ten thousand, so who is told looks, and sets the alarm again if it came early.
/// <see cref="Arm"/> and <see cref="Disarm"/> are called on the thread that runs the vCPU, or while nobody does.
/// </remarks>
internal sealed class RunAlarm(Scheduler scheduler, IVirtualClock clock, Action expired) : IVirtualTimer
{
    private ScheduleEntity? _entity;
    private ulong _deadline = ScheduleResult.Never;

    /// <inheritdoc/>
    public void Arm(ulong deadlineNanoseconds)
    {
        _deadline = deadlineNanoseconds;
        if (_entity is not { } entity)
            return;
        var now = clock.Nanoseconds;
        var left = Math.Min(deadlineNanoseconds - Math.Min(deadlineNanoseconds, now), long.MaxValue);
        scheduler.SetAlarm(entity, scheduler.Now + left);
    }

    /// <inheritdoc/>
    public void Disarm()
    {
        _deadline = ScheduleResult.Never;
        if (_entity is { } entity)
            scheduler.SetAlarm(entity, ScheduleResult.Never);
    }

    /// <summary>Where the vCPU runs from now on.</summary>
    public void Attach(ScheduleEntity entity)
    {
        _entity = entity;
        if (_deadline != ScheduleResult.Never)
            Arm(_deadline);
    }

    /// <summary>The time has come. Any thread.</summary>
    public void Ring() => expired();

    /// <inheritdoc/>
    public void Dispose() => Disarm();
}
