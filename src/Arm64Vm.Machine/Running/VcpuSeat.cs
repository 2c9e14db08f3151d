using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine.Running;

/// <summary>One vCPU during one run of its machine, as the scheduler sees it.</summary>
internal sealed class VcpuSeat : ISchedulable
{
    private readonly MachineRunner.Round _round;
    private readonly Vcpu _vcpu;
    private readonly Scheduler _scheduler;
    private readonly IVirtualClock _clock;

    /// <summary>Deadlines of a clock that does not follow the host's time; null: the scheduler's wheels keep them.</summary>
    private readonly IVirtualTimer? _timer;

    private readonly RunAlarm? _alarm;

    public VcpuSeat(MachineRunner.Round round, Vcpu vcpu, Scheduler scheduler, IVirtualClock clock, RunAlarm? alarm)
    {
        _alarm = alarm;
        _round = round;
        _vcpu = vcpu;
        _scheduler = scheduler;
        _clock = clock;
        _timer = clock is SystemClock ? null : clock.CreateTimer(() => round.Wake(vcpu.Index));
    }

    /// <inheritdoc/>
    public ScheduleResult Run()
    {
        // A machine that stands is asked for nothing but stops, which a quantum of no length still sees.
        var stands = _round.IsStalled;
        if (stands || _round.IsStopping)
            _vcpu.RequestQuantumEnd();
        var result = _vcpu.Run();
        if (result.IsStop)
        {
            _round.Stopped(result.Reason);
            return new ScheduleResult(ScheduleReturn.Finished);
        }

        if (_round.IsStopping)
            return new ScheduleResult(ScheduleReturn.Finished);
        if (stands)
            return new ScheduleResult(ScheduleReturn.Wait);
        if (!result.IsWaiting)
            return new ScheduleResult(result.Reason == VcpuReturn.Yield ? ScheduleReturn.Yield : ScheduleReturn.Preempted);
        return result.Deadline is { } deadline ? WaitUntil(deadline) : new ScheduleResult(ScheduleReturn.Wait);
    }

    /// <inheritdoc/>
    public void RequestPreemption() => _vcpu.RequestQuantumEnd();

    /// <inheritdoc/>
    public void AlarmReached() => _alarm?.Ring();

    /// <inheritdoc/>
    public void Finished(Exception? failure)
    {
        _timer?.Dispose();
        _round.Left(failure);
    }

    /// <param name="deadline">Nanoseconds of the machine's clock, which stands while the machine is paused; so does the vCPU.</param>
    private ScheduleResult WaitUntil(ulong deadline)
    {
        if (_timer is not null)
        {
            _timer.Arm(deadline);
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        var now = _clock.Nanoseconds;
        if (deadline <= now)
            return new ScheduleResult(ScheduleReturn.Yield);
        var left = Math.Min(deadline - now, long.MaxValue);
        return new ScheduleResult(ScheduleReturn.Wait, _scheduler.Now + left);
    }
}
