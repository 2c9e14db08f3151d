using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>Runs one translation unit at a time and asks the processor to stop after it.</summary>
// SAFETY: the context belongs to the machine, which outlives this object; only the thread that runs it reads or writes it.
internal sealed unsafe class SteppingExecutor : IExecutor
{
    private readonly IExecutor _inner;

    public SteppingExecutor(IExecutor inner)
    {
        _inner = inner;
        Executors.StepUnits(inner);
    }

    /// <summary>Set as soon as it exists.</summary>
    public Vcpu? Vcpu { get; set; }

    /// <summary>How the last unit ended.</summary>
    public ExitReason LastReason { get; private set; }

    public ExitReason Run(GuestContext* context)
    {
        LastReason = _inner.Run(context);
        Vcpu!.RequestStop(VcpuStop.Paused);
        return LastReason;
    }

    public ICodeTracker Tracker => _inner.Tracker;

    public bool UsesLoadWindows => _inner.UsesLoadWindows;

    public bool HasCode(ulong physicalPage) => _inner.HasCode(physicalPage);

    public void Invalidate(ulong physicalAddress, ulong length) => _inner.Invalidate(physicalAddress, length);

    public void SynchronizeFloatStatus(GuestContext* context) => _inner.SynchronizeFloatStatus(context);

    public void FloatControlChanged(GuestContext* context) => _inner.FloatControlChanged(context);

    public void Dispose() => _inner.Dispose();
}
