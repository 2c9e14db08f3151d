using System.Runtime.CompilerServices;
using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Loads and stores that the inline TLB could not do.</summary>
internal sealed unsafe partial class Vcpu
{
    private const int MaximumAccess = 16;
    private const ulong PageMask = 0xFFF;

    /// <summary>Where the bytes of an access are, inside one page.</summary>
    private struct Target
    {
        public ulong Physical;

        /// <summary>Null: on the bus.</summary>
        public byte* Host;
        public bool IsDevice;
    }

    public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        value = default;
        if (!CheckAlignment(pc, address, size, flags, isWrite: false))
            return false;

        bool privileged = IsPrivileged(flags);
        ulong inPage = (address & PageMask) + (ulong)size;
        if (inPage <= PageMask + 1)
        {
            if (!TryLocate(pc, address, size, AccessType.Read, privileged, out Target target) || !CheckWatchpoints(pc, address, size, reads: true, writes: false, privileged))
                return false;
            if (target.Host != null)
            {
                value = ReadHost(target.Host, size);
                return true;
            }

            return TryReadDevice(pc, address, target.Physical, size, out value);
        }

        // Across a page boundary: both pages must translate, then byte by byte.
        int first = (int)(PageMask + 1 - (address & PageMask));
        ulong second = address + (ulong)first;
        if (!TryLocate(pc, address, size, AccessType.Read, privileged, out Target low)
            || !TryLocate(pc, second, size, AccessType.Read, privileged, out Target high, isContinuation: true)
            || !CheckWatchpoints(pc, address, size, reads: true, writes: false, privileged))
        {
            return false;
        }

        byte* bytes = stackalloc byte[MaximumAccess];
        new Span<byte>(bytes, MaximumAccess).Clear();
        return TryReadBytes(pc, address, low, new Span<byte>(bytes, first))
            && TryReadBytes(pc, second, high, new Span<byte>(bytes + first, size - first))
            && Assign(out value, ReadHost(bytes, MaximumAccess));
    }

    public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        if (!CheckAlignment(pc, address, size, flags, isWrite: true))
            return false;

        bool privileged = IsPrivileged(flags);
        ulong inPage = (address & PageMask) + (ulong)size;
        if (inPage <= PageMask + 1)
        {
            if (!TryLocate(pc, address, size, AccessType.Write, privileged, out Target target) || !CheckWatchpoints(pc, address, size, reads: false, writes: true, privileged))
                return false;
            if (target.Host != null)
            {
                WriteHost(target.Host, size, value);
                Written(target.Physical, (ulong)size);
                return true;
            }

            return TryWriteDevice(pc, address, target.Physical, size, value);
        }

        int first = (int)(PageMask + 1 - (address & PageMask));
        ulong second = address + (ulong)first;
        if (!TryLocate(pc, address, size, AccessType.Write, privileged, out Target low)
            || !TryLocate(pc, second, size, AccessType.Write, privileged, out Target high, isContinuation: true)
            || !CheckWatchpoints(pc, address, size, reads: false, writes: true, privileged))
        {
            return false;
        }

        byte* bytes = stackalloc byte[MaximumAccess];
        WriteHost(bytes, MaximumAccess, value);
        return TryWriteBytes(pc, address, low, new ReadOnlySpan<byte>(bytes, first))
            && TryWriteBytes(pc, second, high, new ReadOnlySpan<byte>(bytes + first, size - first));
    }

    public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        if (State.El == 0 && (Slot(SystemSlot.Sctlr) & SctlrBits.UserZero) == 0)
            return RaiseTrappedOperation(pc);

        // The fault address is the one given, not the block's (Arm ARM D8.15.3, FAR_EL1).
        ulong block = address & ~(ulong)(GuestContext.ZeroBlockSize - 1);
        int fault = Locate(address, AccessType.Write, State.El != 0, out Target target);
        if (fault == FaultStatus.None && target.IsDevice)
            fault = FaultStatus.Alignment;
        if (fault == FaultStatus.None && target.Host == null)
            fault = FaultStatus.ExternalAbort;
        if (fault != FaultStatus.None)
            return RaiseDataAbort(pc, address, fault, isWrite: true);

        if (!CheckWatchpoints(pc, block, GuestContext.ZeroBlockSize, reads: false, writes: true, State.El != 0))
            return false;

        ulong back = address - block;

        // SAFETY: a block is aligned to its size, so it lies in the page that was resolved.
        new Span<byte>(target.Host - back, GuestContext.ZeroBlockSize).Clear();
        Written(target.Physical - back, GuestContext.ZeroBlockSize);
        return true;
    }

    private static bool Assign(out Bits128 destination, Bits128 value)
    {
        destination = value;
        return true;
    }

    private bool IsPrivileged(MemoryFlags flags) =>
        State.El != 0 && ((flags & MemoryFlags.Unprivileged) == 0 || State.Uao);

    /// <summary>Alignment rules that do not depend on the memory type (AArch64.CheckAlignment).</summary>
    private bool CheckAlignment(ulong pc, ulong address, int size, MemoryFlags flags, bool isWrite)
    {
        if ((address & (ulong)(size - 1)) == 0)
            return true;

        if ((flags & (MemoryFlags.Acquire | MemoryFlags.Release)) != 0)
        {
            bool inside16 = (address & 15) + (ulong)size <= 16;
            if (!(_model.HasUnalignedAtomicity && inside16))
                return RaiseDataAbort(pc, address, FaultStatus.Alignment, isWrite);
        }

        if ((Slot(SystemSlot.Sctlr) & SctlrBits.AlignmentCheck) != 0 && !IsElementAligned(pc, address, size))
            return RaiseDataAbort(pc, address, FaultStatus.Alignment, isWrite);
        return true;
    }

    /// <summary>Pairs and structures are aligned by element. Which instruction it is only matters here, just before a fault.</summary>
    private bool IsElementAligned(ulong pc, ulong address, int size)
    {
        int element = TryPeekInstruction(pc, out uint word) ? ElementSize(word, size) : size;
        return (address & (ulong)(element - 1)) == 0;
    }

    /// <summary>Bytes that must be naturally aligned in an access of <paramref name="size"/> bytes made by the instruction.</summary>
    private static int ElementSize(uint word, int size)
    {
        // Load/store pair: xx101xxxx. opc gives 4, 8 or (SIMD) 4, 8, 16 bytes.
        if ((word & 0x3A00_0000) == 0x2800_0000)
        {
            uint opc = word >> 30;
            bool isVector = (word & (1u << 26)) != 0;
            return Math.Min(size, isVector ? 4 << (int)opc : opc == 2 ? 8 : 4);
        }

        // AdvSIMD load/store multiple structures (0x001100 0...) and single structure (0x001101 ...): size field in bits 11:10.
        if ((word & 0xBF00_0000) == 0x0C00_0000)
            return Math.Min(size, 1 << (int)((word >> 10) & 3));
        if ((word & 0xBF00_0000) == 0x0D00_0000)
        {
            uint scale = (word >> 14) & 3;
            if (scale == 3)
                return Math.Min(size, 1 << (int)((word >> 10) & 3));
            if (scale == 2 && ((word >> 10) & 1) != 0)
                scale = 3;
            return Math.Min(size, 1 << (int)scale);
        }

        return size;
    }

    /// <summary>Translates an access inside one page, or raises its abort; fills the inline TLB where it may.</summary>
    private bool TryLocate(ulong pc, ulong address, int size, AccessType access, bool privileged, out Target target, bool isContinuation = false)
    {
        int fault = Locate(address, access, privileged, out target);
        if (fault == FaultStatus.None && target.IsDevice)
        {
            bool unaligned = isContinuation || ((address & (ulong)(size - 1)) != 0 && !IsElementAligned(pc, address, size));
            if (unaligned)
                fault = FaultStatus.Alignment;
        }

        return fault == FaultStatus.None || RaiseDataAbort(pc, address, fault, access == AccessType.Write);
    }

    /// <summary>Translates one address; the fault status, or <see cref="FaultStatus.None"/>.</summary>
    private int Locate(ulong address, AccessType access, bool privileged, out Target target)
    {
        bool pan = State.Pan && State.El != 0 && privileged;
        int fault = _stage1.Translate(address, access, privileged, pan, out TlbEntry entry);
        target = default;
        if (fault != FaultStatus.None)
            return fault;

        ulong physical = _stage1.PhysicalOf(entry, address);
        byte* host = _memory.Resolve(physical, out ulong available, out bool writable);
        target.Physical = physical;
        target.IsDevice = entry.IsDevice;
        if (host == null || (access == AccessType.Write && !writable))
            return FaultStatus.None;

        target.Host = host;
        if (access == AccessType.Write)
            _memory.NoteStores(physical, 1);

        // With the MMU off memory is Device, but the mode then checks alignment inline, so host memory may be reached inline too.
        if ((!entry.IsDevice || !_stage1.IsEnabled) && !(_comparators.HasWatchpoints && _comparators.MayWatchPage(address))
            && !(_debugger.Points.HasWatchpoints && _debugger.Points.MayWatchPage(address)))
        {
            FillInline(address, access, privileged, pan, entry, new Place(physical, host, available, writable));
        }

        return FaultStatus.None;
    }

    /// <summary>Guest code of this vCPU changed RAM outside the inline path.</summary>
    private void Written(ulong physical, ulong length)
    {
        // The store is visible before the page is looked up: a processor that is about to translate it sees one of the two (TranslationCache).
        if (_memory.Domain.IsShared)
            Interlocked.MemoryBarrier();
        if (_memory.HasCode(physical & ~PageMask))
            _memory.CodeChanged(physical, length);
    }

    private bool TryReadDevice(ulong pc, ulong address, ulong physical, int size, out Bits128 value)
    {
        bool done;
        if (Profile is { } profile)
        {
            profile.Place = SamplePlace.Devices;
            done = TryReadBus(pc, address, physical, size, out value);
            profile.Place = SamplePlace.Mmu;
        }
        else
        {
            done = TryReadBus(pc, address, physical, size, out value);
        }

        if (IsTraced(TraceKinds.Mmio))
            TraceDevice(TraceEventKind.Read, pc, address, physical, size, value, done);
        return done;
    }

    private bool TryWriteDevice(ulong pc, ulong address, ulong physical, int size, Bits128 value)
    {
        if (Profile is not { } profile)
            return TryWriteTraced(pc, address, physical, size, value);
        profile.Place = SamplePlace.Devices;
        bool done = TryWriteTraced(pc, address, physical, size, value);
        profile.Place = SamplePlace.Mmu;
        return done;
    }

    /// <summary>Told before what follows from it, such as an interrupt.</summary>
    private bool TryWriteTraced(ulong pc, ulong address, ulong physical, int size, Bits128 value)
    {
        if (IsTraced(TraceKinds.Mmio))
            TraceDevice(TraceEventKind.Write, pc, address, physical, size, value, done: true);
        return TryWriteBus(pc, address, physical, size, value);
    }

    private bool TryReadBus(ulong pc, ulong address, ulong physical, int size, out Bits128 value)
    {
        value = default;
        if (size == 16)
        {
            if (_memory.Bus.TryRead(physical, 8, out ulong low) && _memory.Bus.TryRead(physical + 8, 8, out ulong high))
                return Assign(out value, new Bits128(low, high));
        }
        else if ((physical & (ulong)(size - 1)) == 0 && size is 1 or 2 or 4 or 8)
        {
            if (_memory.Bus.TryRead(physical, size, out ulong word))
                return Assign(out value, new Bits128(word, 0));
        }
        else
        {
            byte* bytes = stackalloc byte[MaximumAccess];
            new Span<byte>(bytes, MaximumAccess).Clear();
            var target = new Target { Physical = physical };
            return TryReadBytes(pc, address, target, new Span<byte>(bytes, size)) && Assign(out value, ReadHost(bytes, MaximumAccess));
        }

        return RaiseDataAbort(pc, address, FaultStatus.ExternalAbort, isWrite: false);
    }

    private bool TryWriteBus(ulong pc, ulong address, ulong physical, int size, Bits128 value)
    {
        if (size == 16)
        {
            if (_memory.Bus.TryWrite(physical, 8, value.Lo) && _memory.Bus.TryWrite(physical + 8, 8, value.Hi))
                return true;
        }
        else if ((physical & (ulong)(size - 1)) == 0 && size is 1 or 2 or 4 or 8)
        {
            if (_memory.Bus.TryWrite(physical, size, size == 8 ? value.Lo : value.Lo & ((1UL << (size * 8)) - 1)))
                return true;
        }
        else
        {
            byte* bytes = stackalloc byte[MaximumAccess];
            WriteHost(bytes, MaximumAccess, value);
            var target = new Target { Physical = physical };
            return TryWriteBytes(pc, address, target, new ReadOnlySpan<byte>(bytes, size));
        }

        return RaiseDataAbort(pc, address, FaultStatus.ExternalAbort, isWrite: true);
    }

    private bool TryReadBytes(ulong pc, ulong address, in Target target, Span<byte> destination)
    {
        if (target.Host != null)
        {
            new ReadOnlySpan<byte>(target.Host, destination.Length).CopyTo(destination);
            return true;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            if (!_memory.Bus.TryRead(target.Physical + (ulong)i, 1, out ulong value))
                return RaiseDataAbort(pc, address + (ulong)i, FaultStatus.ExternalAbort, isWrite: false);
            destination[i] = (byte)value;
        }

        return true;
    }

    private bool TryWriteBytes(ulong pc, ulong address, in Target target, ReadOnlySpan<byte> source)
    {
        if (target.Host != null)
        {
            source.CopyTo(new Span<byte>(target.Host, source.Length));
            Written(target.Physical, (ulong)source.Length);
            return true;
        }

        for (int i = 0; i < source.Length; i++)
        {
            if (!_memory.Bus.TryWrite(target.Physical + (ulong)i, 1, source[i]))
                return RaiseDataAbort(pc, address + (ulong)i, FaultStatus.ExternalAbort, isWrite: true);
        }

        return true;
    }

    private static Bits128 ReadHost(byte* host, int size)
    {
        // SAFETY: the caller resolved `size` bytes inside one page.
        return size switch
        {
            1 => new Bits128(*host, 0),
            2 => new Bits128(Unsafe.ReadUnaligned<ushort>(host), 0),
            4 => new Bits128(Unsafe.ReadUnaligned<uint>(host), 0),
            8 => new Bits128(Unsafe.ReadUnaligned<ulong>(host), 0),
            16 => new Bits128(Unsafe.ReadUnaligned<ulong>(host), Unsafe.ReadUnaligned<ulong>(host + 8)),
            _ => ReadPartial(host, size),
        };
    }

    private static void WriteHost(byte* host, int size, Bits128 value)
    {
        // SAFETY: as for ReadHost.
        switch (size)
        {
            case 1: *host = (byte)value.Lo; break;
            case 2: Unsafe.WriteUnaligned(host, (ushort)value.Lo); break;
            case 4: Unsafe.WriteUnaligned(host, (uint)value.Lo); break;
            case 8: Unsafe.WriteUnaligned(host, value.Lo); break;
            case 16:
                Unsafe.WriteUnaligned(host, value.Lo);
                Unsafe.WriteUnaligned(host + 8, value.Hi);
                break;
            default:
                for (int i = 0; i < size && i < MaximumAccess; i++)
                    host[i] = (byte)value.Element(1, i);
                break;
        }
    }

    private static Bits128 ReadPartial(byte* host, int size)
    {
        Bits128 value = default;
        for (int i = 0; i < size && i < MaximumAccess; i++)
            value.SetElement(1, i, host[i]);
        return value;
    }
}
