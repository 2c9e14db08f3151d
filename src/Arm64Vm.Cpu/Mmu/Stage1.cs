using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Pmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>The EL1&amp;0 translation regime of one vCPU: registers, second-level TLB, inline TLB, names of code contexts.</summary>
// SAFETY: the context outlives this object and belongs to the thread that runs the vCPU; table indexes are masked to their size.
internal sealed unsafe partial class Stage1
{
    private const ulong SctlrM = 1;
    private const ulong SctlrWxn = 1UL << 19;
    private const ulong SctlrEpan = 1UL << 57;

    /// <summary>BT0, BT1: what code a branch may reach, remembered under the context's tag.</summary>
    private const ulong SctlrBranchTargets = 3UL << 35;
    private const byte NormalWriteBack = 0xFF;

    private readonly PageWalker _walker;
    private readonly GuestContext* _context;
    private readonly int _physicalBits;
    private readonly bool _normalWhenOff;
    private readonly bool _hasEnhancedPan;
    private readonly ProcessorEvents _events;
    private RegimeHalf _lower;
    private RegimeHalf _upper;
    private WalkControls _controls;
    private ulong _sctlr;
    private ulong _tcr;
    private ulong _ttbr0;
    private ulong _ttbr1;

    /// <param name="memory">Where tables are.</param>
    /// <param name="context">Holds the inline TLB.</param>
    /// <param name="physicalBits">Implemented physical address size.</param>
    /// <param name="hasHardwareUpdates">FEAT_HAFDBS.</param>
    /// <param name="normalWhenOff">Data is Normal memory while the MMU is off, against the architecture, for bare programs.</param>
    /// <param name="hasEnhancedPan">FEAT_PAN3.</param>
    /// <param name="events">Counts table walks.</param>
    public Stage1(PhysicalMemory memory, GuestContext* context, int physicalBits, bool hasHardwareUpdates, bool normalWhenOff, bool hasEnhancedPan, ProcessorEvents events)
    {
        _walker = new PageWalker(memory);
        _context = context;
        _physicalBits = physicalBits;
        _normalWhenOff = normalWhenOff;
        _hasEnhancedPan = hasEnhancedPan;
        _events = events;
        HasHardwareUpdates = hasHardwareUpdates;
        Inline = new InlineTlb(context);
        Decode();
    }

    public InlineTlb Inline { get; }

    public SecondLevelTlb Second { get; } = new();

    public ContextTags Tags { get; } = new();

    public bool HasHardwareUpdates { get; }

    public bool IsEnabled => (_sctlr & SctlrM) != 0;

    /// <summary>Hears of walks: the address, the access, the fault status, and where there is none the physical address and log2 of the bytes mapped. Null: nobody does.</summary>
    public Action<ulong, AccessType, int, ulong, int>? Walked { get; set; }

    public ushort Asid => _controls.Asid;

    /// <summary>Data accesses must be aligned because memory is Device-nGnRnE while the MMU is off.</summary>
    public bool IsDeviceWhenOff => !IsEnabled && !_normalWhenOff;

    /// <summary>The ASID as compared: 8 bits unless TCR_EL1.AS.</summary>
    public ushort ImplementedAsid(ushort asid) => (ushort)(((_tcr >> 36) & 1) != 0 ? asid : asid & 0xFF);

    /// <summary>Whether the top byte of a pointer is ignored (EffectiveTBI).</summary>
    public bool IgnoresTopByte(ulong address, bool isCode)
    {
        ref readonly RegimeHalf half = ref (address & (1UL << 55)) != 0 ? ref _upper : ref _lower;
        return isCode ? half.IgnoresTopByteOfCode : half.IgnoresTopByteOfData;
    }

    /// <summary>Whether the top byte is ignored in some half.</summary>
    public bool IgnoresAnyTopByte(bool isCode) => isCode
        ? _lower.IgnoresTopByteOfCode || _upper.IgnoresTopByteOfCode
        : _lower.IgnoresTopByteOfData || _upper.IgnoresTopByteOfData;

    /// <summary>Bits of virtual address in a half.</summary>
    public int InputBits(bool upper) => upper ? _upper.InputBits : _lower.InputBits;

    /// <summary>Takes over the registers that control translation. Cached translations that depend on what changed are dropped.</summary>
    public void Update(ulong sctlr, ulong tcr, ulong ttbr0, ulong ttbr1, ulong mair)
    {
        const ulong Relevant = SctlrM | SctlrWxn | SctlrEpan | SctlrBranchTargets;
        bool format = tcr != _tcr || mair != _controls.Mair || ((sctlr ^ _sctlr) & SctlrWxn) != 0;
        bool regime = format || ((sctlr ^ _sctlr) & Relevant) != 0;
        ushort asid = _controls.Asid;
        if (ttbr0 != _ttbr0 || ttbr1 != _ttbr1)
            Inline.Windows.CloseAll();
        _sctlr = sctlr;
        _tcr = tcr;
        _ttbr0 = ttbr0;
        _ttbr1 = ttbr1;
        _controls.Mair = mair;
        Decode();

        if (format)
            Second.Clear();
        if (regime)
        {
            Inline.FlushAll();
            Tags.InvalidateAll();
        }
        else if (asid != _controls.Asid)
        {
            Inline.FlushNonGlobal();
        }
    }

    /// <summary>Translates one address. On success <paramref name="entry"/> covers it; on failure the result is the fault status with level.</summary>
    public int Translate(ulong address, AccessType access, bool privileged, bool pan, out TlbEntry entry)
    {
        if (!IsEnabled)
            return TranslateOff(address, access, out entry);

        ref RegimeHalf half = ref (address & (1UL << 55)) != 0 ? ref _upper : ref _lower;
        if (!InRange(half, address, access == AccessType.Execute) || (half.DeniesUser && !privileged))
        {
            entry = default;
            return FaultStatus.Translation;
        }

        ulong canonical = PageWalker.SignExtend(address);
        if (Second.TryFind(canonical, _controls.Asid, out entry))
        {
            if (!entry.Allows(access, privileged, pan, _controls.EnhancedPan))
                return FaultStatus.Permission + entry.Level;
            if (access != AccessType.Write || (entry.Flags & TlbEntryFlags.Clean) == 0)
                return FaultStatus.None;
        }

        if (access == AccessType.Execute)
            _events.CodeWalks++;
        else
            _events.DataWalks++;
        int fault = _walker.Walk(half, _controls, address, access, privileged, pan, markAccess: true, out entry);
        Walked?.Invoke(address, access, fault, PhysicalOf(entry, address), entry.SizeLog2);
        if (fault != FaultStatus.None)
            return fault;
        if (Second.Insert(ref entry, out TlbEntry evicted))
            Inline.FlushRange(evicted.Virtual, evicted.Virtual + evicted.Mask);
        return FaultStatus.None;
    }

    /// <summary>Whether a store through a translation that is known needs nothing more: it is allowed, and no descriptor changes by it.</summary>
    public bool MayWrite(in TlbEntry entry, bool privileged, bool pan) =>
        (entry.Flags & TlbEntryFlags.Clean) == 0 && entry.Allows(AccessType.Write, privileged, pan, _controls.EnhancedPan);

    /// <summary>Finds the physical address behind a virtual one without regard to permissions and without changing tables or caches, for debuggers.</summary>
    public bool TryProbe(ulong address, out ulong physical)
    {
        TlbEntry entry;
        if (!IsEnabled)
        {
            bool isThere = TranslateOff(address, AccessType.Read, out entry) == FaultStatus.None;
            physical = isThere ? PhysicalOf(entry, address) : 0;
            return isThere;
        }

        ref RegimeHalf half = ref (address & (1UL << 55)) != 0 ? ref _upper : ref _lower;
        physical = 0;
        if (!InRange(half, address, code: false))
            return false;
        _walker.Walk(half, _controls, address, AccessType.Read, privileged: true, pan: false, markAccess: false, out entry);
        if ((entry.Flags & TlbEntryFlags.Valid) == 0)
            return false;
        physical = PhysicalOf(entry, address);
        return true;
    }

    /// <summary>What the tables map; null while translation is off.</summary>
    public MappingList? ListMappings(PhysicalMemory memory, int most)
    {
        if (!IsEnabled)
            return null;
        var list = new MappingList(memory, most);
        list.Add(_lower, upper: false);
        list.Add(_upper, upper: true);
        return list;
    }

    /// <summary>Physical address of <paramref name="address"/> inside an entry that covers it.</summary>
    public ulong PhysicalOf(in TlbEntry entry, ulong address) =>
        IsEnabled ? entry.Physical | (address & entry.Mask) : entry.Physical | (address & 0xFFF);

    /// <summary>TLBI VMALLE1 and its forms.</summary>
    public void InvalidateAll()
    {
        Second.Clear();
        Inline.FlushAll();
        Tags.InvalidateAll();
    }

    /// <summary>Invalidates all, and gives back what the caches take: bytes of the host's memory that were present. Between runs.</summary>
    public long GiveBack()
    {
        InvalidateAll();
        Second.GiveBack();
        Tags.GiveBack();
        return Inline.GiveBack();
    }

    /// <summary>TLBI ASIDE1.</summary>
    public void InvalidateAsid(ushort asid)
    {
        Second.InvalidateAsid(asid);
        if (asid == _controls.Asid)
            Inline.FlushNonGlobal();
        Tags.InvalidateAsid(asid);
    }

    /// <summary>TLBI VAE1, VALE1 (with an ASID), VAAE1, VAALE1 (null).</summary>
    public void InvalidateAddress(ulong address, ushort? asid)
    {
        address = PageWalker.SignExtend(address) & ~0xFFFUL;
        int size = Second.InvalidateAddress(address, asid);
        if (size > 12)
            Inline.FlushRange(address >> size << size, address | ((1UL << size) - 1));
        else
            Inline.FlushPage(address);
        int fetched = Tags.InvalidateAddress(address, out ulong parts);
        if (fetched == 12)
            FetchTlb.FlushPage(_context, address);
        else if (fetched == BlockParts.BlockShift)
            FetchTlb.FlushParts(_context, address >> fetched << fetched, parts, BlockParts.PartShift);
        else if (fetched != 0)
            FetchTlb.FlushRange(_context, address >> fetched << fetched, address | ((1UL << fetched) - 1));
    }

    /// <summary>TLBI RVAE1 and its forms: [address, address + length).</summary>
    public void InvalidateRange(ulong address, ulong length, ushort? asid)
    {
        const ulong Few = 32 * 4096;
        address = PageWalker.SignExtend(address) & ~0xFFFUL;
        if (length == 0)
            return;
        if (length <= Few)
        {
            for (ulong offset = 0; offset < length; offset += 4096)
                InvalidateAddress(address + offset, asid);
            return;
        }

        ulong last = address + length - 1;
        if (last < address)
            last = ulong.MaxValue;

        // Blocks reach beyond the range, and their inline pages with them.
        int largest = Second.InvalidateRange(address, last, asid);
        if (largest != 0)
        {
            address = address >> largest << largest;
            last |= (1UL << largest) - 1;
        }

        Inline.FlushRange(address, last);
        int fetched = Tags.InvalidateRange();
        if (fetched != 0)
            FetchTlb.FlushRange(_context, address >> fetched << fetched, last | ((1UL << fetched) - 1));
    }

    /// <summary>The name of the context in which code at <paramref name="address"/> runs under <paramref name="mode"/>.</summary>
    public ulong CodeTag(ulong address, uint mode)
    {
        bool upper = (address & (1UL << 55)) != 0;
        return Tags.Get(IsEnabled, upper, upper ? _upper.Table : _lower.Table, _controls.Asid, mode);
    }

    private static bool InRange(in RegimeHalf half, ulong address, bool code)
    {
        bool ignoreTop = code ? half.IgnoresTopByteOfCode : half.IgnoresTopByteOfData;
        long value = ignoreTop ? (long)PageWalker.SignExtend(address) : (long)address;

        // All bits above the input range equal bit 55.
        long top = value >> half.InputBits;
        return top == ((address & (1UL << 55)) != 0 ? -1 : 0);
    }

    private int TranslateOff(ulong address, AccessType access, out TlbEntry entry)
    {
        ref RegimeHalf half = ref (address & (1UL << 55)) != 0 ? ref _upper : ref _lower;
        bool ignoreTop = access == AccessType.Execute ? half.IgnoresTopByteOfCode : half.IgnoresTopByteOfData;
        ulong physical = ignoreTop ? address & 0x00FF_FFFF_FFFF_FFFF : address;
        if (physical >> _physicalBits != 0)
        {
            entry = default;
            return FaultStatus.AddressSize;
        }

        entry = new TlbEntry
        {
            Virtual = PageWalker.SignExtend(address) & ~0xFFFUL,
            Physical = physical & ~0xFFFUL,
            SizeLog2 = 12,
            Attribute = access == AccessType.Execute || _normalWhenOff ? NormalWriteBack : (byte)0,
            Permissions = PagePermissions.All,
            Flags = TlbEntryFlags.Valid,
        };
        return FaultStatus.None;
    }

    private void Decode()
    {
        _lower = RegimeHalf.Decode(_tcr, _ttbr0, upper: false);
        _upper = RegimeHalf.Decode(_tcr, _ttbr1, upper: true);
        int output = (int)((_tcr >> 32) & 7) switch { 0 => 32, 1 => 36, 2 => 40, 3 => 42, 4 => 44, _ => 48 };
        _controls.OutputBits = Math.Min(output, _physicalBits);
        _controls.Asid = ImplementedAsid((ushort)((((_tcr >> 22) & 1) != 0 ? _ttbr1 : _ttbr0) >> 48));
        _controls.HardwareAccessFlag = HasHardwareUpdates && ((_tcr >> 39) & 1) != 0;
        _controls.HardwareDirty = _controls.HardwareAccessFlag && ((_tcr >> 40) & 1) != 0;
        _controls.WriteExecuteNever = (_sctlr & SctlrWxn) != 0;
        _controls.EnhancedPan = _hasEnhancedPan && (_sctlr & SctlrEpan) != 0;
    }
}
