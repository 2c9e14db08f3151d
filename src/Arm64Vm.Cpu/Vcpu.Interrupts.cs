using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Interrupt inputs and requests from other threads.</summary>
/// <remarks>
/// The protocol between any thread and the vCPU's own: (1) a requester stores its request (line level, stop reason,
/// TLB maintenance), then sets a bit of the poll word, then wakes the scheduler (<see cref="IVcpuWaker"/>); (2) the vCPU clears the poll
/// word and only then looks at the requests. Both sides use interlocked operations on the poll word, which are full barriers, so a request
/// is seen by this round or raises another. There is no lock: disposal lets calls that are under way end (<see cref="Rundown"/>).
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    private Rundown _callers;
    private int _stopReason;
    private int _mapChanged;

    /// <summary>The run loop is about to look at the lines.</summary>
    private bool _isSampling;
    private int _runThread;

    /// <summary>Bits of <see cref="GuestContext.PendingInterrupts"/>.</summary>
    [Flags]
    private enum LineBits : uint
    {
        Irq = 1,
        Fiq = 2,
        Inputs = Irq | Fiq,

        /// <summary>Not an input: a software step may begin when PSTATE.D is cleared.</summary>
        SoftwareStep = 4,
    }

    private LineBits Lines => (LineBits)Volatile.Read(ref _context->PendingInterrupts);

    /// <summary>Asks the run loop to return with <paramref name="reason"/>. Safe from any thread; the first reason wins, but a pause gives way to the others.</summary>
    public void RequestStop(VcpuStop reason)
    {
        if (Interlocked.CompareExchange(ref _stopReason, (int)reason, (int)VcpuStop.None) == (int)VcpuStop.Paused)
            Interlocked.CompareExchange(ref _stopReason, (int)reason, (int)VcpuStop.Paused);
        Notify(PollReasons.Stop);
    }

    /// <summary>The calling thread is running this vCPU.</summary>
    public bool IsRunningHere => Volatile.Read(ref _runThread) == Environment.CurrentManagedThreadId;

    /// <summary>Asks <see cref="Run"/> to return with <see cref="VcpuReturn.Quantum"/>, unless it has another reason. Safe from any thread.</summary>
    public void RequestQuantumEnd()
    {
        if (!_callers.TryEnter())
            return;
        Interlocked.Or(ref _context->Poll, (uint)PollReasons.Quantum);
        _callers.Exit();
    }

    /// <summary>Timers, interrupt controller or performance monitors have something new: the run loop looks at them by the next poll. Safe from any thread.</summary>
    public void InterruptsChanged() => LookAgain();

    /// <summary>Lets the run loop look again at what it waits for: an event was sent, or it is to switch on. Safe from any thread.</summary>
    internal void LookAgain()
    {
        if (IsRunningHere)
            Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
        else
            Notify(PollReasons.Interrupt);
    }

    /// <summary>Brings the inputs up to date: timers, then the controller that they drive. On the vCPU's thread.</summary>
    private void SampleInterrupts()
    {
        _isSampling = true;
        _options.Timers?.Update(Index);
        Pmu.Look();
        _options.Interrupts?.Drive(Index);
        _isSampling = false;
    }

    void IMemoryObserver.MapChanged()
    {
        if (Environment.CurrentManagedThreadId == Volatile.Read(ref _runThread))
        {
            _stage1.InvalidateAll();
            return;
        }

        Volatile.Write(ref _mapChanged, 1);
        Notify(PollReasons.Shootdown);
    }

    /// <summary>ISR_EL1: pending physical interrupts, masked or not.</summary>
    internal ulong PendingInterruptStatus()
    {
        SampleInterrupts();
        LineBits lines = Lines & LineBits.Inputs;
        return ((lines & LineBits.Irq) != 0 ? PState.I : 0) | ((lines & LineBits.Fiq) != 0 ? PState.F : 0);
    }

    private void SetLine(LineBits line, bool asserted)
    {
        if (IsRunningHere)
        {
            SetOwnLine(line, asserted);
            return;
        }

        if (!_callers.TryEnter())
            return;
        if (!asserted)
            Interlocked.And(ref _context->PendingInterrupts, ~(uint)line);
        else if ((Interlocked.Or(ref _context->PendingInterrupts, (uint)line) & (uint)line) == 0)
            Post(PollReasons.Interrupt);
        _callers.Exit();
    }

    /// <summary>On the vCPU's thread nobody needs waking, and guest code leaves only for what can be taken now: who unmasks looks at the lines.</summary>
    private void SetOwnLine(LineBits line, bool asserted)
    {
        if (!asserted)
        {
            Interlocked.And(ref _context->PendingInterrupts, ~(uint)line);
            return;
        }

        Interlocked.Or(ref _context->PendingInterrupts, (uint)line);
        if (!_isSampling)
            InterruptMaskChanged();
    }

    /// <summary>MDSCR_EL1 was written.</summary>
    internal void StepControlChanged()
    {
        if ((Slot(SystemSlot.Mdscr) & StepEnable) != 0)
            Interlocked.Or(ref _context->PendingInterrupts, (uint)LineBits.SoftwareStep);
        else
            Interlocked.And(ref _context->PendingInterrupts, ~(uint)LineBits.SoftwareStep);
        DebugControlsChanged();
    }

    private void Notify(PollReasons reason)
    {
        if (!_callers.TryEnter())
            return;
        Post(reason);
        _callers.Exit();
    }

    /// <summary>Sets a bit of the poll word, from within <see cref="_callers"/>, and wakes the scheduler; the vCPU's own thread looks anyway.</summary>
    private void Post(PollReasons reason)
    {
        Interlocked.Or(ref _context->Poll, (uint)reason);
        if (Volatile.Read(ref _runThread) != Environment.CurrentManagedThreadId)
            _options.Waker?.Wake(Index);
    }

    /// <summary>DAIF changed: what was masked may be deliverable now.</summary>
    private void InterruptMaskChanged()
    {
        if (Deliverable() != 0)
            Interlocked.Or(ref _context->Poll, (uint)PollReasons.Interrupt);
    }

    private LineBits Deliverable()
    {
        LineBits lines = Lines & LineBits.Inputs;
        if (lines == 0)
            return 0;
        if ((Daif & PState.I) != 0)
            lines &= ~LineBits.Irq;
        if ((Daif & PState.F) != 0)
            lines &= ~LineBits.Fiq;
        return lines;
    }

    /// <summary>Brings the performance monitors up to date; true where an interrupt can be taken now, of an overflow or another.</summary>
    private bool IsOverflowDeliverable()
    {
        _ = Pmu.Overflows;
        _options.Interrupts?.Drive(Index);
        return Deliverable() != 0;
    }

    /// <summary>Does what the poll word asks for; the run loop calls it with PC exact. Stops and the end of a quantum are left for the loop to see.</summary>
    private PollReasons ServicePoll()
    {
        var reasons = (PollReasons)Interlocked.Exchange(ref _context->Poll, 0);
        if (Interlocked.Exchange(ref _mapChanged, 0) != 0)
            _stage1.InvalidateAll();

        _shootdowns.CarryOutAll();

        if ((reasons & PollReasons.Interrupt) != 0)
            SampleInterrupts();
        LineBits deliverable = _power.IsOn && !_debugger.IsStepping ? Deliverable() : 0;
        if (deliverable == 0)
            return reasons;

        if (_wait.IsWaiting)
            EndWait();

        // FIQ before IRQ (Arm ARM D1.3.6, implementation defined).
        bool isFiq = (deliverable & LineBits.Fiq) != 0;
        _interruptsTaken++;
        TakeException(isFiq ? ExceptionVector.Fiq : ExceptionVector.Irq, _context->Pc);
        return reasons;
    }

    /// <summary>One interrupt input.</summary>
    private sealed class InterruptInput(Vcpu owner, LineBits line) : IInterruptLine
    {
        public void Set(bool asserted) => owner.SetLine(line, asserted);
    }
}
