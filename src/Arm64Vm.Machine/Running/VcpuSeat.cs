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
    private readonly IdleDuty? _idle;

    public VcpuSeat(MachineRunner.Round round, Vcpu vcpu, Scheduler scheduler, IVirtualClock clock, RunAlarm? alarm, IdleDuty? idle)
    {
        _alarm = alarm;
        _round = round;
        _vcpu = vcpu;
        _scheduler = scheduler;
        _clock = clock;
        _idle = idle;
        _timer = clock is SystemClock ? null : clock.CreateTimer(() => round.Wake(vcpu.Index));
    }

    /// <inheritdoc/>
    public ScheduleResult Run()
    {
        // A machine that stands is asked for nothing but stops, which a quantum of no length still sees.
        var stands = _round.IsStalled;
        if (stands || _round.IsStopping)
            _vcpu.RequestQuantumEnd();
        _idle?.Runs(_vcpu.Index);
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
        return WaitUntil(result.Deadline);
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

    /// <param name="deadline">Nanoseconds of the machine's clock, which stands while the machine is paused; so does the vCPU. Null: it waits for a wake-up.</param>
    private ScheduleResult WaitUntil(ulong? deadline)
    {
        if (_timer is not null)
        {
            if (deadline is { } time)
                _timer.Arm(time);
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        var left = ulong.MaxValue;
        if (deadline is { } end)
        {
            var clock = _clock.Nanoseconds;
            if (end <= clock)
                return new ScheduleResult(ScheduleReturn.Yield);
            left = Math.Min(end - clock, long.MaxValue);
        }
        else if (_idle is null)
        {
            return new ScheduleResult(ScheduleReturn.Wait);
        }

        var now = _scheduler.Now;
        var wake = left == ulong.MaxValue ? ScheduleResult.Never : now + left;
        return new ScheduleResult(ScheduleReturn.Wait, Math.Min(wake, _idle?.Waits(_vcpu, now) ?? ScheduleResult.Never));
    }
}
