using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>What guest code works on: the register file, and beside it the caches and the exit record of one vCPU.</summary>
/// <remarks>
/// Unmanaged and page aligned; emitted code addresses it relative to one pinned host register. A save carries the registers (X, V, PC, flags,
/// BTYPE, FPCR, FPSR and the direct ones); all else is derived or belongs to an execution in progress. SavedContextTests lists it.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = TotalSize)]
internal unsafe struct GuestContext
{
    // ---- Registers, and what is used as often ----------------------------------------------------------------------
    public const int XOffset = 0x000;

    // What nearly every unit touches comes first, in reach of short displacements from a back end's base register.
    public const int PcPageOffset = 0x100;
    public const int ContextTagOffset = 0x108;
    public const int PollOffset = 0x110;

    /// <summary>Words that are a back end's own, the first three of them as near as what stands before them.</summary>
    public const int BackEndWordsOffset = 0x114;
    public const int BackEndWordsSize = 0x3C;
    public const int NzcvOffset = 0x150;
    public const int BranchTypeOffset = 0x154;
    public const int PendingInterruptsOffset = 0x158;
    public const int ShootdownsOffset = 0x15C;
    public const int FpcrOffset = 0x160;
    public const int FpsrOffset = 0x164;
    public const int PcOffset = 0x168;
    public const int InstructionsOffset = 0x170;
    public const int DirectRegistersOffset = 0x180;
    public const int VOffset = 0x280;

    // ---- Exit record, a back end's own area ------------------------------------------------------------------------
    public const int ExitOffset = 0x480;
    public const int ExclusiveOffset = 0x4F0;
    public const int EventsOffset = 0x510;

    /// <summary>Memory that is a back end's own: spilled values, operands of exits, what it defers. Aligned for vectors.</summary>
    public const int BackEndAreaOffset = 0x580;
    public const int BackEndAreaSize = 0xA80;
    public const int CounterOffset = 0x1000;
    public const int PointerCodesOffset = 0x1030;

    /// <summary>One <see cref="LoadWindow"/> for each MMU index, together on two lines of the host's cache.</summary>
    public const int LoadWindowsOffset = 0x1080;

    // ---- Software TLBs for data and for code -----------------------------------------------------------------------
    /// <summary>Entries of one TLB; there is one for reads and one for writes per translation regime (MMU index).</summary>
    public const int TlbEntries = 4096;
    public const int TlbEntrySize = 16;
    public const int TlbBytes = TlbEntries * TlbEntrySize;

    /// <summary>0 = EL0, 1 = EL1, 2 = EL1 with PAN.</summary>
    public const int MmuIndexes = 3;
    public const int TlbOffset = 0x2000;

    /// <summary>Bytes of a TLB that one mark stands for, log2: sixteen entries.</summary>
    public const int TlbMarkShift = 8;

    /// <summary>Marks of one TLB: a byte for each group of entries, not zero where some may be in use.</summary>
    public const int TlbMarks = TlbBytes >> TlbMarkShift;

    /// <summary>The marks of all TLBs, in their order, right before the first.</summary>
    public const int TlbMarksOffset = TlbOffset - (MmuIndexes * 2 * TlbMarks);

    /// <summary>Where the fetch-side TLB lies; see <see cref="FetchTlb"/>.</summary>
    public const int FetchTlbOffset = TlbOffset + (MmuIndexes * 2 * TlbBytes);

    /// <summary>Where the second level of the TLBs for data lies; see <see cref="OuterTlb"/>.</summary>
    public const int OuterTlbOffset = FetchTlbOffset + FetchTlb.TotalBytes;

    /// <summary>Where the write entries of the TLBs for data are, by host page: not for emitted code, but kept, and given back, with what it is about.</summary>
    public const int WritersOffset = OuterTlbOffset + (MmuIndexes * 2 * OuterTlb.SizeInBytes);
    public const int WritersSize = 1 << 17;
    public const int TotalSize = WritersOffset + WritersSize;

    /// <summary>Bytes cleared by DC ZVA.</summary>
    public const int ZeroBlockSize = 64;

    /// <summary>A tag that no address matches.</summary>
    public const ulong InvalidTag = ulong.MaxValue;

    /// <summary>X0–X30 and, at 31, the current stack pointer.</summary>
    [FieldOffset(XOffset)]
    public fixed ulong X[32];

    /// <summary>Virtual address of the page that code is running from, with the low 12 bits zero.</summary>
    [FieldOffset(PcPageOffset)]
    public ulong PcPage;

    /// <summary>Not zero: leave at the next poll point. Bits are <see cref="PollReasons"/>.</summary>
    [FieldOffset(PollOffset)]
    public uint Poll;

    /// <summary>The back end's own: it lays them out, and nothing else looks at them. See <see cref="BackEndArea"/>.</summary>
    [FieldOffset(BackEndWordsOffset)]
    public fixed byte BackEndWords[BackEndWordsSize];

    /// <summary>PSTATE.NZCV in the form of <see cref="GuestFlags"/>; a back end may keep it elsewhere while its code runs.</summary>
    [FieldOffset(NzcvOffset)]
    public uint Nzcv;

    [FieldOffset(FpcrOffset)]
    public uint Fpcr;

    /// <summary>FPSR without what is still held in host state while emitted code runs.</summary>
    [FieldOffset(FpsrOffset)]
    public uint Fpsr;

    /// <summary>Program counter; valid whenever the run loop has control.</summary>
    [FieldOffset(PcOffset)]
    public ulong Pc;

    /// <summary>Mixed into the tags of the fetch-side TLB: names the translation regime, ASID and mode that code is running under.</summary>
    /// <remarks>The executor sets it from what a fetch says; it fetches after every exception and after system operations that may change mode or mappings.</remarks>
    [FieldOffset(ContextTagOffset)]
    public ulong ContextTag;

    /// <summary>Not zero: TLB invalidations of this processor may still be under way on others; DSB must wait for them.</summary>
    [FieldOffset(ShootdownsOffset)]
    public uint Shootdowns;

    /// <summary>Not zero: interrupt inputs are asserted, masked or not, so code that unmasks interrupts must leave with <see cref="ExitReason.Poll"/>.</summary>
    [FieldOffset(PendingInterruptsOffset)]
    public uint PendingInterrupts;

    /// <summary>PSTATE.BTYPE: how the instruction at PC was reached, until it has been fetched (FEAT_BTI).</summary>
    [FieldOffset(BranchTypeOffset)]
    public uint BranchType;

    /// <summary>Guest instructions of the units entered, where emitted code counts them.</summary>
    [FieldOffset(InstructionsOffset)]
    public ulong Instructions;

    /// <summary>System registers that are plain storage: emitted code may load and store them; see <see cref="DirectRegister"/>.</summary>
    [FieldOffset(DirectRegistersOffset)]
    public fixed ulong Direct[(int)DirectRegister.Count];

    [FieldOffset(VOffset)]
    public fixed ulong V[64];

    /// <summary>The back end's own, as <see cref="BackEndWords"/> are. Zero when a context is new.</summary>
    [FieldOffset(BackEndAreaOffset)]
    public fixed byte BackEndArea[BackEndAreaSize];

    [FieldOffset(ExitOffset)]
    public ExitRecord Exit;

    [FieldOffset(ExclusiveOffset)]
    public ExclusiveMonitor Exclusive;

    /// <summary>Events counted by code, by <see cref="CodeEvent"/>.</summary>
    [FieldOffset(EventsOffset)]
    public fixed ulong Events[(int)CodeEvent.Count];

    /// <summary>The system counter, for code that reads it without leaving.</summary>
    [FieldOffset(CounterOffset)]
    public CounterRelation Counter;

    /// <summary>What signing and authenticating pointers needs beside the keys.</summary>
    [FieldOffset(PointerCodesOffset)]
    public PointerCodes PointerCodes;

    /// <summary>Whole ranges that loads reach without the TLBs.</summary>
    [FieldOffset(LoadWindowsOffset)]
    public LoadWindowTable LoadWindows;

    public Bits128 GetV(int index)
    {
        return new Bits128(V[index * 2], V[(index * 2) + 1]);
    }

    public void SetV(int index, Bits128 value)
    {
        V[index * 2] = value.Lo;
        V[(index * 2) + 1] = value.Hi;
    }

    /// <summary>The tag of an empty entry at <paramref name="slot"/> of a TLB: a page that is looked up in another slot, so that no address matches.</summary>
    /// <remarks>
    /// An entry is {tag, host address of the page}; an access hits where address − tag, unsigned, is at most 4096 − size. Zero suits every
    /// slot but the first, so tables need not be touched before they are used.
    /// </remarks>
    public static ulong EmptyTlbTag(int slot) => slot == 0 ? 0x1000u : 0;

    /// <summary>Empties the TLBs of a context whose memory is fresh, and therefore zero.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> points to a whole context that no other thread is using.</remarks>
    public static void InitializeTlbs(GuestContext* context)
    {
        for (int table = 0; table < MmuIndexes * 2; table++)
            *(ulong*)((byte*)context + TlbOffset + (table * TlbBytes)) = EmptyTlbTag(0);
    }

    /// <summary>Byte offset of the TLB of <paramref name="mmuIndex"/> for reads or for writes.</summary>
    public static int TlbTable(int mmuIndex, bool write) => TlbOffset + (((mmuIndex * 2) + (write ? 1 : 0)) * TlbBytes);
}

/// <summary>Bits of <see cref="GuestContext.Poll"/>.</summary>
[Flags]
internal enum PollReasons : uint
{
    None = 0,
    Interrupt = 1,
    Stop = 2,
    Shootdown = 4,

    /// <summary>The host thread is wanted for something else.</summary>
    Quantum = 8,
}

/// <summary>How guest code left and, for resumable exits, what it wants done.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExitRecord
{
    /// <summary>An <see cref="ExitReason"/>.</summary>
    public uint Reason;

    /// <summary>Byte offset from PcPage of the guest instruction (or of the next one where the reason says so).</summary>
    public int PcDelta;

    public ulong Payload;

    /// <summary>Virtual address of a memory access, or the value passed along.</summary>
    public ulong Address;

    /// <summary>Back-end private: what to link or where to go on.</summary>
    public ulong Site;

    /// <summary>Back-end private: where to go on after a resumable exit.</summary>
    public ulong Resume;

    /// <summary>Value to store, or second operand.</summary>
    public Bits128 Value0;
    public Bits128 Value1;
    public Bits128 Result0;
    public Bits128 Result1;
}

/// <summary>The local exclusive monitor: set by load-exclusive, checked by store-exclusive.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExclusiveMonitor
{
    public const int AddressOffset = 0;
    public const int SizeOffset = 8;
    public const int ValueOffset = 16;

    /// <summary>Physical (or host) address marked; <see cref="GuestContext.InvalidTag"/> when clear.</summary>
    public ulong Address;
    public ulong Size;

    /// <summary>The bytes that were loaded.</summary>
    public Bits128 Value;
}
