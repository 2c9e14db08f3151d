using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>Runs one translation unit at a time and asks the processor to stop after it.</summary>
// SAFETY: the context belongs to the machine, which outlives this object; only the thread that runs it reads or writes it.
internal sealed unsafe class SteppingExecutor : UnitwiseExecutor
{
    public SteppingExecutor(IExecutor inner)
        : base(inner, inner)
    {
    }

    /// <summary>Set as soon as it exists.</summary>
    public Vcpu? Vcpu { get; set; }

    /// <summary>How the last unit ended.</summary>
    public ExitReason LastReason { get; private set; }

    public override ExitReason Run(GuestContext* context)
    {
        LastReason = RunUnit(context);
        Vcpu!.RequestStop(VcpuStop.Paused);
        return LastReason;
    }
}
