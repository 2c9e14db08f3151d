using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>What a trace hears of. Everything here is on paths that have left emitted code anyway, which knows nothing of it.</summary>
internal sealed unsafe partial class Vcpu
{
    private readonly ITraceSink? _trace;
    private readonly TraceKinds _traced;

    private ulong TraceTime => _options.Clock?.Nanoseconds ?? 0;

    private bool IsTraced(TraceKinds kind) => (_traced & kind) != 0;

    private void Trace(TraceEventKind kind, int level, ulong pc, ulong address, ulong value, ulong detail, int size) =>
        _trace!.Write(new TraceEvent(kind, Index, level, TraceTime, pc, address, value, detail, size));

    /// <summary>After the state has changed: the level that it came from is in SPSR_EL1.</summary>
    private void TraceException(ExceptionVector vector, ulong preferredReturn, ulong target)
    {
        bool isSynchronous = vector == ExceptionVector.Synchronous;
        Trace(
            TraceEventKind.Exception,
            (int)(GetDirect(DirectRegister.SavedStatus1) >> 2) & 3,
            preferredReturn,
            target,
            isSynchronous ? GetDirect(DirectRegister.Syndrome1) : 0,
            isSynchronous ? GetDirect(DirectRegister.FaultAddress1) : 0,
            (int)vector);
    }

    private void TraceDevice(TraceEventKind kind, ulong pc, ulong address, ulong physical, int size, Bits128 value, bool done) =>
        Trace(kind, State.El, pc, physical, size < 8 ? value.Lo & ((1UL << (size * 8)) - 1) : value.Lo, address, done ? size : -size);

    private void TraceWalk(ulong address, AccessType access, int fault, ulong physical, int sizeLog2)
    {
        if (fault == FaultStatus.None)
            Trace(TraceEventKind.Walk, State.El, _context->Pc, address, physical, (ulong)access, sizeLog2);
        else
            Trace(TraceEventKind.Fault, State.El, _context->Pc, address, (ulong)fault, (ulong)access, 0);
    }

    private void TraceInvalidation(in Shootdown request) =>
        Trace(TraceEventKind.Invalidate, State.El, _context->Pc, request.Address, request.Length, request.Asid is { } asid ? asid : ulong.MaxValue, (int)request.Kind);
}
