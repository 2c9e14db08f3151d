using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Board;

/// <summary>Stands before an executor that comes back after every translation unit. Slow: units are not linked meanwhile, and are translated for that anew.</summary>
// SAFETY: contexts belong to the caller for the call.
internal abstract unsafe class UnitwiseExecutor : IExecutor
{
    private readonly IExecutor _inner;

    /// <param name="inner">What to run.</param>
    /// <param name="executor">The executor inside it that is to come back after every unit.</param>
    protected UnitwiseExecutor(IExecutor inner, IExecutor executor)
    {
        _inner = inner;
        Executors.StepUnits(executor);
    }

    public ICodeTracker Tracker => _inner.Tracker;

    public bool UsesLoadWindows => _inner.UsesLoadWindows;

    public abstract ExitReason Run(GuestContext* context);

    public bool HasCode(ulong physicalPage) => _inner.HasCode(physicalPage);

    public void Invalidate(ulong physicalAddress, ulong length) => _inner.Invalidate(physicalAddress, length);

    public void SynchronizeFloatStatus(GuestContext* context) => _inner.SynchronizeFloatStatus(context);

    public void FloatControlChanged(GuestContext* context) => _inner.FloatControlChanged(context);

    public long GiveBack(GuestContext* context, bool code) => _inner.GiveBack(context, code);

    public void Dispose() => _inner.Dispose();

    protected ExitReason RunUnit(GuestContext* context) => _inner.Run(context);
}
