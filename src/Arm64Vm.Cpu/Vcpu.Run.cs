using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>The run loop: enters the executor and handles what it comes back for.</summary>
public sealed unsafe partial class Vcpu
{
    private const ulong SemihostingImmediate = 0xF000;
    private readonly ulong[] _exits = new ulong[(int)ExitReason.PureOperation + 1];
    private ulong _interruptsTaken;
    private int _consecutiveWaits;
    private bool _isOff;

    /// <summary>Status that the guest program ended with, after <see cref="VcpuStop.Exited"/>.</summary>
    public int ExitCode { get; private set; }

    /// <summary>Times the executor came back, by <see cref="ExitReason"/>.</summary>
    public ReadOnlySpan<ulong> ExitCounts => _exits;

    /// <summary>Interrupts taken.</summary>
    public ulong InterruptsTaken => _interruptsTaken;

    /// <summary>Runs guest code on the calling thread until a stop is requested.</summary>
    public VcpuStop Run()
    {
        Volatile.Write(ref _runThread, Environment.CurrentManagedThreadId);
        Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
        ForgetClockRelation();
        try
        {
            while (true)
            {
                if (Volatile.Read(ref _context->Poll) != 0)
                {
                    ServicePoll();
                    var stop = (VcpuStop)Interlocked.Exchange(ref _stopReason, (int)VcpuStop.None);
                    if (stop != VcpuStop.None)
                        return stop;
                }

                FollowClock();
                if (_isOff)
                    SleepUntilStop();
                else
                    Step();
            }
        }
        finally
        {
            Volatile.Write(ref _runThread, 0);
        }
    }

    private void Step()
    {
        ExitReason reason = _executor.Run(_context);
        _exits[(int)reason]++;
        ulong pc = _context->Pc;
        ulong payload = _context->Exit.Payload;
        if (reason != ExitReason.WaitForEvent)
            _consecutiveWaits = 0;

        switch (reason)
        {
            case ExitReason.SupervisorCall:
                if (_pmu.DependsOnLevel && IsOverflowDeliverable())
                {
                    // The call waits: a profile of EL0 would otherwise show the kernel's entry, for the host's timer is slower than system calls follow each other.
                    _context->Pc = pc - 4;
                    Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
                    break;
                }

                // Complete before its exception (SSAdvance in AArch64.CallSupervisor).
                CompleteStep();
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
                if (payload == SemihostingImmediate && _options.Semihosting != null)
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
                _eventRegister = true;
                CompleteStep();
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

            case ExitReason.Step:
                CompleteStep();
                break;

            case ExitReason.Poll:
                // Also where code that unmasked interrupts saw one pending, without a bit in the poll word.
                Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
                break;

            // Nothing to do but go round: the poll word is looked at, or the fetch is tried again at PC.
            case ExitReason.Yield:
                CompleteStep();
                break;
            case ExitReason.FetchAbort:
            default:
                break;
        }
    }

    private void CallHypervisor(ushort immediate)
    {
        ulong pc = _context->Pc;
        if (_state.El != 0 && _options.HypervisorCalls != null)
            CompleteStep();
        CallOutcome outcome = _state.El == 0 || _options.HypervisorCalls == null
            ? CallOutcome.Undefined
            : _options.HypervisorCalls.Call(this, immediate);
        switch (outcome)
        {
            case CallOutcome.Undefined:
                RaiseUndefined(pc - 4);
                break;
            case CallOutcome.WaitForInterrupt:
                SleepUntilInterrupt(null);
                break;
            case CallOutcome.PowerDown:
                _isOff = true;
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
        CompleteStep();
    }

    private void LogUndefined(ulong pc, ulong word)
    {
        if (_log != null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"cpu{Index} undefined instruction {word:x8} at {pc:x}");
    }
}
