using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Board;

/// <summary>Traces every translation unit that is entered. Slow: units are not linked meanwhile, and are translated for that anew.</summary>
internal sealed unsafe class UnitTrace : IExecutor
{
    private readonly IExecutor _inner;
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
    {
        (_inner, _trace, _cpu, _clock, _level) = (inner, trace, cpu, clock, level);
        Executors.StepUnits(executor);
    }

    // SAFETY: the context belongs to the caller for the call.
    public ExitReason Run(GuestContext* context)
    {
        _trace.Write(new TraceEvent(TraceEventKind.Enter, _cpu, _level(), _clock.Nanoseconds, context->Pc, 0, 0, 0, 0));
        return _inner.Run(context);
    }

    public ICodeTracker Tracker => _inner.Tracker;

    public bool UsesLoadWindows => _inner.UsesLoadWindows;

    public bool HasCode(ulong physicalPage) => _inner.HasCode(physicalPage);

    public void Invalidate(ulong physicalAddress, ulong length) => _inner.Invalidate(physicalAddress, length);

    public void SynchronizeFloatStatus(GuestContext* context) => _inner.SynchronizeFloatStatus(context);

    public void FloatControlChanged(GuestContext* context) => _inner.FloatControlChanged(context);

    public long GiveBack(GuestContext* context, bool code) => _inner.GiveBack(context, code);

    public void Dispose() => _inner.Dispose();
}
