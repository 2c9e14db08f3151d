using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Board;

/// <summary>Traces every translation unit that is entered.</summary>
internal sealed unsafe class UnitTrace : UnitwiseExecutor
{
    private readonly ITraceSink _trace;
    private readonly int _cpu;
    private readonly IVirtualClock _clock;
    private readonly Func<int> _level;

    /// <param name="inner">What to run.</param>
    /// <param name="executor">The executor inside it that is to come back after every unit.</param>
    /// <param name="trace">Where events go.</param>
    /// <param name="cpu">Whose it is.</param>
    /// <param name="clock">The machine's.</param>
    /// <param name="level">The processor's exception level.</param>
    public UnitTrace(IExecutor inner, IExecutor executor, ITraceSink trace, int cpu, IVirtualClock clock, Func<int> level)
        : base(inner, executor)
    {
        (_trace, _cpu, _clock, _level) = (trace, cpu, clock, level);
    }

    // SAFETY: the context belongs to the caller for the call.
    public override ExitReason Run(GuestContext* context)
    {
        _trace.Write(new TraceEvent(TraceEventKind.Enter, _cpu, _level(), _clock.Nanoseconds, context->Pc, 0, 0, 0, 0));
        return RunUnit(context);
    }
}
