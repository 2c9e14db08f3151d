using System.Globalization;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Board;

/// <summary>Logs every translation unit that is entered, and how it was left when not for the next one. Slow: nothing is linked meanwhile.</summary>
internal sealed unsafe class UnitLog : IExecutor
{
    private readonly IExecutor _inner;
    private readonly ILogSink _log;

    /// <param name="inner">What to run.</param>
    /// <param name="executor">The executor inside it that is to come back after every unit.</param>
    /// <param name="log">Where lines go.</param>
    public UnitLog(IExecutor inner, IExecutor executor, ILogSink log)
    {
        _inner = inner;
        _log = log;
        Executors.StepUnits(executor);
    }

    // SAFETY: the context belongs to the caller for the call.
    public ExitReason Run(GuestContext* context)
    {
        var pc = context->Pc;
        var reason = _inner.Run(context);
        var end = reason is ExitReason.Poll or ExitReason.Lookup ? "" : $" {reason}";
        _log.Write(LogCategories.Blocks, string.Create(CultureInfo.InvariantCulture, $"{pc:x} -> {context->Pc:x}{end}"));
        return reason;
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
