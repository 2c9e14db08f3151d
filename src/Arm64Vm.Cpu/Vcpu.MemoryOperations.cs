using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Memory copy and set (FEAT_MOPS): page by page with the host's own operations, through the inline TLB where it knows the pages.</summary>
/// <remarks>What has been moved is counted after each piece, so that a fault, a watchpoint or a request in the middle leaves Xn saying exactly what is left.</remarks>
internal sealed unsafe partial class Vcpu
{
    private const uint CarryFlag = 1u << 29;

    public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        rest = count;
        bool isWrongOption = (nzcv & CarryFlag) != 0;
        if (isWrongOption || ((long)count > 0 && !operation.MayRunBackward))
            return RaiseSynchronous(Syndrome.MemoryOperation(operation, isWrongOption), pc);

        bool writesPrivileged = IsPrivileged(operation.WritesUnprivileged ? MemoryFlags.Unprivileged : MemoryFlags.None);
        bool readsPrivileged = IsPrivileged(operation.ReadsUnprivileged ? MemoryFlags.Unprivileged : MemoryFlags.None);
        while (rest != 0)
        {
            bool done = operation.IsSet
                ? TrySetPiece(pc, destination, (byte)source, writesPrivileged, ref rest)
                : TryCopyPiece(pc, destination, source, readsPrivileged, writesPrivileged, ref rest);
            if (!done)
            {
                context->X[operation.Count] = rest;
                return false;
            }

            // Requests are looked at where a page ends; a stepped instruction is finished first.
            if (rest != 0 && !_step.IsUnderWay && Volatile.Read(ref context->Poll) != 0)
            {
                context->X[operation.Count] = rest;
                context->Pc = pc;
                return false;
            }
        }

        return true;
    }

    /// <summary>Sets bytes up to the end of a page; false where that raised an exception.</summary>
    private bool TrySetPiece(ulong pc, ulong end, byte value, bool privileged, ref ulong rest)
    {
        ulong address = end + rest;
        ulong size = Math.Min(0 - rest, PageMask + 1 - (address & PageMask));
        byte* known = _stage1.Inline.Find(privileged ? MmuIndex : 0, write: true, address);
        if (known != null)
        {
            // SAFETY: the piece lies in the page that the entry is for; pages with code or a watchpoint have none.
            new Span<byte>(known, (int)size).Fill(value);
            rest += size;
            return true;
        }

        int fault = Locate(address, AccessType.Write, privileged, out Target target);
        if (fault != FaultStatus.None)
            return RaiseDataAbort(pc, address, fault, isWrite: true);
        if (target.Host == null || IsWatchedPage(address))
            size = 1;
        if (!CheckWatchpoints(pc, address, (int)size, reads: false, writes: true, privileged))
            return false;
        if (target.Host != null)
        {
            // SAFETY: the piece lies in the page that was resolved.
            new Span<byte>(target.Host, (int)size).Fill(value);
            Written(target.Physical, size);
        }
        else if (!TryWriteBytes(pc, address, target, new ReadOnlySpan<byte>(in value)))
        {
            return false;
        }

        rest += size;
        return true;
    }

    /// <summary>Copies bytes up to the next page boundary of either side, backward where the rest is positive; false where that raised an exception.</summary>
    private bool TryCopyPiece(ulong pc, ulong destination, ulong source, bool readsPrivileged, bool writesPrivileged, ref ulong rest)
    {
        bool isBackward = (long)rest > 0;

        // The next byte: forward the first that is left, backward the last.
        ulong to = destination + rest - (isBackward ? 1UL : 0);
        ulong from = source + rest - (isBackward ? 1UL : 0);
        ulong size = Math.Min(isBackward ? rest : 0 - rest, Math.Min(Room(to, isBackward), Room(from, isBackward)));
        ulong before = isBackward ? size - 1 : 0;
        byte* knownRead = _stage1.Inline.Find(readsPrivileged ? MmuIndex : 0, write: false, from);
        byte* knownWrite = _stage1.Inline.Find(writesPrivileged ? MmuIndex : 0, write: true, to);
        if (knownRead != null && knownWrite != null)
        {
            // SAFETY: both pieces lie in the pages that the entries are for; they may overlap.
            Buffer.MemoryCopy(knownRead - before, knownWrite - before, size, size);
            rest = isBackward ? rest - size : rest + size;
            return true;
        }

        int fault = Locate(from, AccessType.Read, readsPrivileged, out Target read);
        if (fault != FaultStatus.None)
            return RaiseDataAbort(pc, from, fault, isWrite: false);
        fault = Locate(to, AccessType.Write, writesPrivileged, out Target write);
        if (fault != FaultStatus.None)
            return RaiseDataAbort(pc, to, fault, isWrite: true);
        if (read.Host == null || write.Host == null || IsWatchedPage(from) || IsWatchedPage(to))
            size = 1;
        if (!CheckWatchpoints(pc, from, (int)size, reads: true, writes: false, readsPrivileged) || !CheckWatchpoints(pc, to, (int)size, reads: false, writes: true, writesPrivileged))
            return false;

        if (read.Host != null && write.Host != null)
        {
            // SAFETY: both pieces lie in the pages that were resolved; they may overlap.
            Buffer.MemoryCopy(read.Host - before, write.Host - before, size, size);
            Written(write.Physical - before, size);
        }
        else
        {
            byte value = 0;
            if (!TryReadBytes(pc, from, read, new Span<byte>(ref value)) || !TryWriteBytes(pc, to, write, new ReadOnlySpan<byte>(in value)))
                return false;
        }

        rest = isBackward ? rest - size : rest + size;
        return true;
    }

    /// <summary>Bytes from an address to the end of its page, or backward to its beginning, the one at the address included.</summary>
    private static ulong Room(ulong address, bool isBackward) => isBackward ? (address & PageMask) + 1 : PageMask + 1 - (address & PageMask);

    private bool IsWatchedPage(ulong address) => _comparators.HasWatchpoints && _comparators.MayWatchPage(address);
}
