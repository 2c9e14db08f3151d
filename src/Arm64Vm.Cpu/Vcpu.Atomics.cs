using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Parts;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Exclusive and atomic accesses: finds where they go, and leaves the rest to <see cref="AtomicUnit"/>.</summary>
internal sealed unsafe partial class Vcpu
{
    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value)
    {
        value = default;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Read, out Target target))
            return false;

        value = _atomics.LoadExclusive(target.Host, size);
        return true;
    }

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status)
    {
        status = 1;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Write, out Target target))
            return false;

        if (_atomics.TryStoreExclusive(target.Host, size, value))
        {
            status = 0;
            Written(target.Physical, (ulong)size);
        }

        return true;
    }

    public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old)
    {
        old = 0;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Write, out Target target, alsoReads: true))
            return false;

        old = AtomicUnit.Modify(operation, target.Host, size, operand);
        Written(target.Physical, (ulong)size);
        return true;
    }

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old)
    {
        old = default;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Write, out Target target, alsoReads: true))
            return false;

        if (AtomicUnit.TryCompareSwap(target.Host, size, expected, replacement, out old))
            Written(target.Physical, (ulong)size);
        return true;
    }

    /// <summary>Translates an access that must be aligned and on host memory. Operations that also read report a write only where the read alone would not have faulted.</summary>
    private bool TryLocateAtomic(GuestContext* context, ulong address, int size, int pageOffset, AccessType access, out Target target, bool alsoReads = false)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        bool privileged = State.El != 0;
        bool isWrite = access == AccessType.Write;
        if ((address & (ulong)(size - 1)) != 0)
        {
            target = default;
            return RaiseDataAbort(pc, address, FaultStatus.Alignment, isWrite && !alsoReads);
        }

        int fault = Locate(address, access, privileged, out target);
        if (fault == FaultStatus.None)
        {
            if (target.Host != null)
                return CheckWatchpoints(pc, address, size, reads: alsoReads || !isWrite, writes: isWrite, privileged);
            fault = FaultStatus.UnsupportedAtomic;
            isWrite &= !alsoReads;
        }
        else if (alsoReads && Locate(address, AccessType.Read, privileged, out _) != FaultStatus.None)
        {
            // An operation that also reads reports a read where the read alone would have faulted (ESR_ELx.WnR).
            isWrite = false;
        }

        return RaiseDataAbort(pc, address, fault, isWrite);
    }
}
