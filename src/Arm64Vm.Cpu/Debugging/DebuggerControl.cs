using Arm64Vm.Cpu.Parts;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Debugging;

/// <summary>One processor's stops for a debugger outside the guest: breakpoints, watchpoints and single steps that the guest knows nothing of.</summary>
/// <remarks>
/// A stop is noted where it is found, in a fetch or an access, which then fails as if it had raised an exception; the poll word brings the
/// executor back, and <see cref="Vcpu.Run"/> returns with <see cref="VcpuReturn.Debug"/> before anything else is looked at, so that the state is
/// that before the instruction. A step is one fetch: the second one, or the return of the executor, finds that it is over.
/// While one is under way no interrupts are taken.
/// </remarks>
// SAFETY: the context outlives this object; only on the processor's thread, but for IsHeld.
internal sealed unsafe class DebuggerControl(GuestContext* context, DebugPoints points, SoftwareStep softwareStep)
{
    private Step _step;
    private ulong _stepStart;
    private ulong _stepCount;
    private bool _isHeld;

    private enum Step : byte
    {
        None,

        /// <summary>The next instruction is to be the last.</summary>
        Wanted,

        /// <summary>It has been fetched.</summary>
        Fetched,

        /// <summary>It took an exception.</summary>
        Done,
    }

    /// <summary>The machine's breakpoints and watchpoints.</summary>
    public DebugPoints Points { get; } = points;

    /// <summary>Why the processor stopped; null: it has not.</summary>
    public DebugStop? Stop { get; private set; }

    /// <summary>It stands while the others run.</summary>
    public bool IsHeld => Volatile.Read(ref _isHeld);

    public bool IsStepping => _step != Step.None;

    /// <summary>It is to step, and has not begun.</summary>
    public bool IsStepWanted => _step == Step.Wanted;

    /// <summary>A fetch has to be asked for: see <see cref="MayFetch"/>.</summary>
    public bool LooksAtFetches => Points.HasBreakpoints || IsStepping;

    /// <summary>Code that is stepped counts its instructions, which tells a branch to itself from an executor that came back too early.</summary>
    private bool HasStepped => _step == Step.Done
        || (_step == Step.Fetched && (context->Pc != _stepStart || context->Instructions != _stepCount));

    /// <inheritdoc cref="Vcpu.PrepareForDebugger"/>
    public void Prepare(bool steps, bool holds)
    {
        Stop = null;
        _step = steps ? Step.Wanted : Step.None;
        Volatile.Write(ref _isHeld, holds);
    }

    /// <inheritdoc cref="Vcpu.ReleaseForDebugger"/>
    public void Release()
    {
        _step = Step.None;
        Volatile.Write(ref _isHeld, false);
    }

    /// <summary>Before a fetch: false where the debugger wants to stop here.</summary>
    public bool MayFetch(ulong address)
    {
        if (_step == Step.None)
            return !Points.IsBreakpoint(address) || StopFor(new DebugStop(DebugStopKind.Breakpoint, address));
        return !HasStepped || StopFor(new DebugStop(DebugStopKind.Step, address));
    }

    /// <summary>The instruction at an address is about to be fetched for good; true where it is stepped.</summary>
    public bool TryBegin(ulong address)
    {
        if (_step == Step.None)
            return false;
        _step = Step.Fetched;
        _stepStart = address;
        _stepCount = context->Instructions;
        return true;
    }

    /// <summary>An exception is taken: a step ends with it.</summary>
    public void ExceptionTaken()
    {
        if (_step != Step.None)
            _step = Step.Done;
    }

    /// <summary>The access is watched for at <paramref name="pc"/>: false where the processor stops.</summary>
    public bool MayAccess(ulong pc, ulong address, int size, bool reads, bool writes)
    {
        if (Points.Find(address, (ulong)size, reads, writes, out ulong hit) is not { } watch)
            return true;
        context->Pc = pc;
        return StopFor(new DebugStop(DebugStopKind.Watchpoint, hit, watch));
    }

    /// <summary>In the run loop: true where it is to return for the debugger.</summary>
    public bool IsStopped()
    {
        if (_step == Step.None && Stop == null)
            return false;
        if (HasStepped)
            StopFor(new DebugStop(DebugStopKind.Step, context->Pc));
        return Stop != null;
    }

    /// <summary>Always false, for services to return.</summary>
    private bool StopFor(DebugStop stop)
    {
        Stop = stop;
        _step = Step.None;
        softwareStep.Cancel();
        Interlocked.Or(ref context->Poll, (uint)PollReasons.Stop);
        return false;
    }
}
