using Arm64Vm.Cpu;

namespace Arm64Vm.Machine;

/// <summary>The simplest way to run a machine's vCPUs: each has a host thread, which sleeps while the vCPU waits.</summary>
/// <remarks>
/// A seat belongs to one vCPU. Parking follows <see cref="IVcpuWaker"/>: the seat is marked, then the vCPU's poll word is looked at, then
/// the thread sleeps; a waker that sees no mark has set the poll word before the thread looked. Locks are taken only to sleep and to wake a sleeper.
/// </remarks>
internal sealed class ThreadPerVcpu : IVcpuWaker, IDisposable
{
    /// <summary>A thread that sleeps for less than this wakes too late: shorter waits give the host's time away and come back. Nanoseconds.</summary>
    private const ulong ShortestSleep = 60_000;

    private readonly IVirtualClock _clock;
    private readonly Seat[] _seats;

    public ThreadPerVcpu(int vcpus, IVirtualClock clock)
    {
        _clock = clock;
        _seats = new Seat[vcpus];
        for (var i = 0; i < vcpus; i++)
            _seats[i] = new Seat(clock);
    }

    /// <inheritdoc/>
    public void Wake(int index) => _seats[index].Wake();

    /// <summary>Runs all of them, the first on the calling thread, until one stops; then stops the others too.</summary>
    /// <returns>What was asked for; a pause counts least.</returns>
    public VcpuReturn Run(IReadOnlyList<Vcpu> vcpus)
    {
        var run = new Common(this, vcpus);
        var threads = new Thread[vcpus.Count - 1];
        for (var i = 0; i < threads.Length; i++)
        {
            var index = i + 1;
            threads[i] = new Thread(() => RunOne(run, index)) { IsBackground = true, Name = $"arm64vm-cpu{index}" };
            threads[i].Start();
        }

        RunOne(run, 0);
        foreach (var thread in threads)
            thread.Join();
        if (run.Failure is { } failure)
            throw new InvalidOperationException("A virtual processor failed: " + failure.Message, failure);
        return run.End;
    }

    public void Dispose()
    {
        foreach (var seat in _seats)
            seat.Dispose();
    }

    private void RunOne(Common run, int index)
    {
        try
        {
            run.Stopped(RunToStop(run, run.Vcpus[index], _seats[index]));
        }
        catch (Exception e)
        {
            run.Failed(e);
        }
    }

    private VcpuReturn RunToStop(Common run, Vcpu vcpu, Seat seat)
    {
        while (true)
        {
            var result = vcpu.Run();
            if (result.IsStop)
                return result.Reason;
            if (run.IsStopping)
                return VcpuReturn.Paused;
            if (result.IsWaiting && !IsNear(result.Deadline))
                seat.Park(vcpu, result.Deadline);
            else
                Thread.Yield();
        }
    }

    private bool IsNear(ulong? deadline) => deadline is { } time && time < _clock.Nanoseconds + ShortestSleep;

    /// <summary>What the threads of one run share.</summary>
    private sealed class Common(ThreadPerVcpu owner, IReadOnlyList<Vcpu> vcpus)
    {
        private readonly Lock _gate = new();
        private bool _isStopping;

        public IReadOnlyList<Vcpu> Vcpus { get; } = vcpus;

        public bool IsStopping => Volatile.Read(ref _isStopping);

        public VcpuReturn End { get; private set; } = VcpuReturn.Paused;

        public Exception? Failure { get; private set; }

        public void Stopped(VcpuReturn reason)
        {
            lock (_gate)
            {
                if (End == VcpuReturn.Paused)
                    End = reason;
            }

            StopOthers();
        }

        public void Failed(Exception failure)
        {
            lock (_gate)
                Failure ??= failure;
            StopOthers();
        }

        private void StopOthers()
        {
            // Not by RequestStop: a request to a vCPU that has stopped already would stop the next run.
            if (Interlocked.Exchange(ref _isStopping, true))
                return;
            for (var i = 0; i < Vcpus.Count; i++)
            {
                Vcpus[i].RequestQuantumEnd();
                owner.Wake(i);
            }
        }
    }

    /// <summary>Where one vCPU's thread sleeps.</summary>
    private sealed class Seat : IDisposable
    {
        private readonly object _gate = new();
        private readonly IVirtualTimer _timer;
        private int _parked;
        private bool _timeReached;

        public Seat(IVirtualClock clock) => _timer = clock.CreateTimer(TimeReached);

        /// <summary>Sleeps until the vCPU has work or the clock has reached the deadline.</summary>
        public void Park(Vcpu vcpu, ulong? deadline)
        {
            Volatile.Write(ref _timeReached, false);
            if (deadline is { } time)
                _timer.Arm(time);
            lock (_gate)
            {
                // A full barrier: the mark is seen by whoever sets the poll word after it was looked at.
                Interlocked.Exchange(ref _parked, 1);
                while (!vcpu.HasWork && !_timeReached)
                    Monitor.Wait(_gate);
                Volatile.Write(ref _parked, 0);
            }

            if (deadline is not null)
                _timer.Disarm();
        }

        public void Wake()
        {
            if (Volatile.Read(ref _parked) == 0)
                return;
            lock (_gate)
                Monitor.Pulse(_gate);
        }

        public void Dispose() => _timer.Dispose();

        private void TimeReached()
        {
            lock (_gate)
            {
                Volatile.Write(ref _timeReached, true);
                Monitor.Pulse(_gate);
            }
        }
    }
}
