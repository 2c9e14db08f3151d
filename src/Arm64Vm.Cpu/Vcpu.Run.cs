using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Cpu;

/// <summary>The run loop: enters the executor and handles what it comes back for.</summary>
internal sealed unsafe partial class Vcpu
{
    private const ulong SemihostingImmediate = 0xF000;
    private readonly ulong[] _exits = new ulong[(int)ExitReason.PureOperation + 1];
    private ulong _interruptsTaken;

    /// <summary>Another processor may have what the guest spins for.</summary>
    private bool _yields;

    /// <summary>Status that the guest program ended with, after <see cref="VcpuReturn.Exited"/>.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Times the executor came back, by <see cref="ExitReason"/>.</summary>
    public ReadOnlySpan<ulong> ExitCounts => _exits;

    /// <summary>Guest instructions executed, by whole units, while the executor counts them.</summary>
    public ulong InstructionsCounted => Volatile.Read(ref _context->Instructions);

    /// <summary>Interrupts taken.</summary>
    public ulong InterruptsTaken => _interruptsTaken;

    /// <summary>Not zero: someone asked for something since the vCPU last looked. What parks a vCPU looks here once it has said so; see <see cref="IVcpuWaker"/>.</summary>
    public bool HasWork => Volatile.Read(ref _context->Poll) != 0;

    /// <summary>The vCPU's part in a recording; null: none is on. Changed only while it does not run.</summary>
    internal ProcessorProfile? Profile { get; set; }

    /// <summary>Runs guest code on the calling thread, one at a time, until something happens that the caller must decide. Neither sleeps nor blocks.</summary>
    /// <remarks>A vCPU that waits may be run at any time: it looks at what it waits for and returns again.</remarks>
    public VcpuResult Run()
    {
        if (IsHeld)
            return Held();
        Volatile.Write(ref _runThread, Environment.CurrentManagedThreadId);
        Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
        Profile?.Enter();
        try
        {
            while (true)
            {
                if (_debugger.IsStopped())
                    return new VcpuResult(VcpuReturn.Debug);
                PollReasons reasons = PollReasons.None;
                if (Volatile.Read(ref _context->Poll) != 0)
                {
                    reasons = ServicePoll();
                    var stop = (VcpuStop)Interlocked.Exchange(ref _stopReason, (int)VcpuStop.None);
                    if (stop != VcpuStop.None)
                        return new VcpuResult((VcpuReturn)stop);
                }

                if (!IsSwitchedOn())
                    return new VcpuResult(VcpuReturn.Off);
                if (_debugger.IsStepWanted && _wait.IsWaiting)
                    EndWait();
                if (IsStillWaiting())
                    return _wait.ToResult(_options.Timers?.Rest(Index));
                if ((reasons & PollReasons.Quantum) != 0)
                    return new VcpuResult(VcpuReturn.Quantum);
                if (_yields)
                {
                    _yields = false;
                    return new VcpuResult(VcpuReturn.Yield);
                }

                _counter.FollowClock();
                RunUnits();
            }
        }
        finally
        {
            Profile?.Leave(isIdle: _wait.IsWaiting || !_power.IsOn);
            Volatile.Write(ref _runThread, 0);
        }
    }

    /// <summary>Runs guest code until the executor comes back, and does what it came back for.</summary>
    private void RunUnits()
    {
        bool isShared = _shootdowns.IsShared;
        if (isShared && !_shootdowns.TryEnter())
        {
            _shootdowns.CarryOutAll();
            return;
        }

        ExitReason reason = _executor.Run(_context);
        if (isShared)
            _shootdowns.Leave();
        _exits[(int)reason]++;
        ulong pc = _context->Pc;
        ulong payload = _context->Exit.Payload;
        if (reason != ExitReason.WaitForEvent)
            _wait.NoteProgress();

        switch (reason)
        {
            case ExitReason.SupervisorCall:
                if (_pmu.DependsOnLevel && !_debugger.IsStepping && IsOverflowDeliverable())
                {
                    // The call waits: a profile of EL0 would otherwise show the kernel's entry, for the host's timer is slower than system calls follow each other.
                    _context->Pc = pc - 4;
                    Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
                    break;
                }

                // Complete before its exception (SSAdvance in AArch64.CallSupervisor).
                _step.Complete();
                RaiseSynchronous(Syndrome.Make(ExceptionClass.SupervisorCall, (uint)payload & 0xFFFF), pc);
                break;
            case ExitReason.HypervisorCall:
                CallHypervisor((ushort)payload);
                break;
            case ExitReason.SecureMonitorCall:
                RaiseUndefined(pc - 4);
                break;
            case ExitReason.Breakpoint:
                RaiseSynchronous(Syndrome.Make(ExceptionClass.SoftwareBreakpoint, (uint)payload & 0xFFFF), pc);
                break;
            case ExitReason.Halt:
                if (payload == SemihostingImmediate && _options.Semihosting != null && (State.El != 0 || _options.HasUserSemihosting))
                    CallSemihosting();
                else
                    RaiseUndefined(pc);
                break;
            case ExitReason.Undefined:
                LogUndefined(pc, payload);
                RaiseUndefined(pc);
                break;
            case ExitReason.FloatTrap:
                RaiseSynchronous(Syndrome.FloatTrap(), pc);
                break;
            case ExitReason.ExceptionReturn:
                ReturnFromException(payload & 3);
                break;
            case ExitReason.WaitForInterrupt:
                Wait(pc, isEvent: false, hasTimeout: payload != 0);
                break;
            case ExitReason.WaitForEvent:
                Wait(pc, isEvent: true, hasTimeout: payload != 0);
                break;
            case ExitReason.SendEvent:
                // SEVL sets this processor's event register only.
                if (payload == 0)
                    _event.Send();
                else
                    _event.Set();
                _step.Complete();
                break;
            case ExitReason.IllegalState:
                RaiseSynchronous(Syndrome.Make(ExceptionClass.IllegalState), pc);
                break;
            case ExitReason.PcAlignment:
                RaiseMisalignedPc(pc);
                break;
            case ExitReason.StackAlignment:
                RaiseSynchronous(Syndrome.Make(ExceptionClass.StackAlignment), pc);
                break;

            case ExitReason.SingleStep:
                _step.Complete();
                break;

            case ExitReason.Poll:
                // Also where code that unmasked interrupts saw one pending, without a bit in the poll word.
                Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
                break;

            case ExitReason.Yield:
                // Alone there is nobody to wait for but an interrupt.
                _yields = _options.HasSiblings && (payload == 0 || !IsReleasedSoon());
                _step.Complete();
                break;

            // Nothing to do but go round: the poll word is looked at, or the fetch is tried again at PC.
            case ExitReason.FetchAbort:
            default:
                break;
        }
    }

    private void CallHypervisor(ushort immediate)
    {
        ulong pc = _context->Pc;
        CallOutcome outcome = State.El == 0 || _options.HypervisorCalls == null
            ? CallOutcome.Undefined
            : _options.HypervisorCalls.Call(this, immediate);
        if (outcome is not (CallOutcome.Undefined or CallOutcome.Retry))
            _step.Complete();
        switch (outcome)
        {
            case CallOutcome.Undefined:
                RaiseUndefined(pc - 4);
                break;
            case CallOutcome.Retry:
                _context->Pc = pc - 4;
                _yields = true;
                break;
            case CallOutcome.WaitForInterrupt:
                if (!HasInterruptInput)
                    WaitForInterrupt(null);
                break;
            case CallOutcome.PowerDown:
                PowerOff();
                break;
            default:
                break;
        }
    }

    private void CallSemihosting()
    {
        if (new SemihostingCall(this, _options.Semihosting!).Execute(out int status))
        {
            ExitCode = status;
            RequestStop(VcpuStop.Exited);
        }

        _context->Pc += 4;
        _step.Complete();
    }

    private void LogUndefined(ulong pc, ulong word)
    {
        if (_log != null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"cpu{Index} undefined instruction {word:x8} at {pc:x}");
    }
}
