namespace Arm64Vm.Cpu.Tests;

/// <summary>Time that tests move by hand; timers fire inside <see cref="Advance"/>.</summary>
internal sealed class FakeClock : IVirtualClock
{
    private readonly List<FakeTimer> _timers = [];
    private ulong _now;

    public ulong Nanoseconds => Volatile.Read(ref _now);

    public ulong UnixSeconds => 0;

    public ClockRelation? Relation { get; set; }

    public IVirtualTimer CreateTimer(Action expired)
    {
        var timer = new FakeTimer(this, expired);
        _timers.Add(timer);
        return timer;
    }

    public void Advance(ulong nanoseconds)
    {
        Interlocked.Add(ref _now, nanoseconds);
        foreach (FakeTimer timer in _timers)
            timer.Look();
    }

    private sealed class FakeTimer(FakeClock clock, Action expired) : IVirtualTimer
    {
        private readonly Lock _gate = new();
        private ulong? _deadline;

        public void Arm(ulong deadlineNanoseconds)
        {
            lock (_gate)
                _deadline = deadlineNanoseconds;
        }

        public void Disarm()
        {
            lock (_gate)
                _deadline = null;
        }

        public void Look()
        {
            lock (_gate)
            {
                if (_deadline is not { } time || clock.Nanoseconds < time)
                    return;
                _deadline = null;
            }

            expired();
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>An interrupt input that remembers its level.</summary>
internal sealed class FakeLine : IInterruptLine
{
    public bool IsAsserted { get; private set; }

    public void Set(bool asserted) => IsAsserted = asserted;
}

/// <summary>Answers for every register of the generic timer with 77.</summary>
internal sealed class FakeTimerRegisters : ISystemRegisterDevice
{
    public bool Owns(SystemRegister register) => register is { Op0: 3, Op1: 3, CRn: 14 };

    public bool TryReadRegister(int cpu, int el, SystemRegister register, out ulong value)
    {
        value = 77;
        return true;
    }

    public bool TryWriteRegister(int cpu, int el, SystemRegister register, ulong value) => true;
}
