using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Exclusive and atomic accesses on host memory.</summary>
/// <remarks>
/// The exclusive monitor is keyed by host address, which is one per physical address, so that aliases work, and remembers the value: a store-exclusive is a
/// compare-exchange with it (docs/decisions/0014). Every exception return clears the monitor.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value)
    {
        value = default;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Read, out Target target))
            return false;

        value = size == 16 ? HostAtomics.Read128(target.Host) : ReadHost(target.Host, size);
        context->Exclusive.Address = (ulong)target.Host;
        context->Exclusive.Size = (ulong)size;
        context->Exclusive.Value = value;
        return true;
    }

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status)
    {
        status = 1;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Write, out Target target))
            return false;

        ref ExclusiveMonitor monitor = ref context->Exclusive;
        bool holds = monitor.Address == (ulong)target.Host && monitor.Size == (ulong)size;
        monitor.Address = GuestContext.InvalidTag;
        if (!holds)
            return true;

        Bits128 old = HostAtomics.CompareExchange(target.Host, size, monitor.Value, value);
        if (old == monitor.Value)
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

        while (true)
        {
            Bits128 seen = ReadHost(target.Host, size);
            Bits128 replacement = new(Combine(operation, seen.Lo, operand, size), 0);
            if (HostAtomics.CompareExchange(target.Host, size, seen, replacement) == seen)
            {
                old = seen.Lo;
                Written(target.Physical, (ulong)size);
                return true;
            }
        }
    }

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old)
    {
        old = default;
        if (!TryLocateAtomic(context, address, size, pageOffset, AccessType.Write, out Target target, alsoReads: true))
            return false;

        if (size < 8)
        {
            ulong mask = (1UL << (size * 8)) - 1;
            expected.Lo &= mask;
            replacement.Lo &= mask;
        }

        if (size < 16)
        {
            expected.Hi = 0;
            replacement.Hi = 0;
        }

        old = HostAtomics.CompareExchange(target.Host, size, expected, replacement);
        if (old == expected)
            Written(target.Physical, (ulong)size);
        return true;
    }

    /// <summary>What an atomic memory operation stores (Arm ARM, MemAtomicOp).</summary>
    private static ulong Combine(AtomicOperation operation, ulong old, ulong operand, int size)
    {
        int shift = 64 - (size * 8);
        ulong mask = ulong.MaxValue >> shift;
        operand &= mask;
        long signedOld = (long)(old << shift);
        long signedOperand = (long)(operand << shift);
        ulong result = operation switch
        {
            AtomicOperation.Add => old + operand,
            AtomicOperation.Clear => old & ~operand,
            AtomicOperation.Xor => old ^ operand,
            AtomicOperation.Set => old | operand,
            AtomicOperation.SignedMax => signedOld > signedOperand ? old : operand,
            AtomicOperation.SignedMin => signedOld < signedOperand ? old : operand,
            AtomicOperation.UnsignedMax => old > operand ? old : operand,
            AtomicOperation.UnsignedMin => old < operand ? old : operand,
            _ => operand,
        };
        return result & mask;
    }

    /// <summary>Translates an access that must be aligned and on host memory. Operations that also read report a write only where the read alone would not have faulted.</summary>
    private bool TryLocateAtomic(GuestContext* context, ulong address, int size, int pageOffset, AccessType access, out Target target, bool alsoReads = false)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        bool privileged = _state.El != 0;
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
