using System.Numerics;

namespace Arm64Vm.Ir;

/// <summary>The fetch-side TLB of a context: from a virtual page to the entries of the code that was made from its physical page, in two levels.</summary>
/// <remarks>
/// <code>
/// entry    {tag, entries}
/// tag      virtual page, with the name of the context (GuestContext.ContextTag) in bits 11:2; zero is no tag, so zeroed memory is empty
/// entries  1024 code offsets of 4 bytes, one for each instruction of the page, from GuestContext.CodeBase
/// slot     bits 12 and up of the address, plus a quarter of the table for each branch type (PSTATE.BTYPE)
/// outer    bits 31:21 of ((address >> 12) + TypeSalt × branch type) × OuterTlb.Multiplier: pages that share a slot of the first level seldom share one here
/// </code>
/// Two pages of a program or of its libraries that call each other and have one slot would leave emitted code at every call. So what loses its slot stays in the second level,
/// where shared code behind a miss looks, and copies what it finds to the first.
/// A hit is (address with bits 11:2 replaced by the name) = tag: all 64 bits of the address count, and a misaligned one never hits.
/// A code offset of zero leads to the routine that asks for a translation. Only the vCPU's own thread touches the table.
/// </remarks>
internal static unsafe class FetchTlb
{
    public const int Entries = 4096;
    public const int EntrySize = 16;
    public const int SizeInBytes = Entries * EntrySize;
    public const int IndexMask = (Entries - 1) * EntrySize;

    /// <summary>Bytes by which the slots of one branch type lie behind those of the type before.</summary>
    public const int TypeStride = SizeInBytes / 4;

    /// <summary>Entries of the second level, which lies behind the first.</summary>
    public const int OuterEntries = 1 << OuterBits;
    public const int TotalBytes = SizeInBytes + (OuterEntries * EntrySize);
    public const int OuterMask = (OuterEntries - 1) * EntrySize;

    /// <summary>Product bits below the outer slot's, less the four of an entry's size: what the product is shifted right by to give an entry's offset.</summary>
    public const int OuterShift = 32 - OuterBits - 4;

    /// <summary>Added to the page's number for each branch type.</summary>
    public const int TypeSalt = 0x3_1415;
    private const int OuterBits = 11;

    /// <summary>Kinds of branches: PSTATE.BTYPE.</summary>
    public const int Types = 4;

    /// <summary>Where a context's name lies in a tag.</summary>
    public const int NameShift = 2;

    /// <summary>Names are 1 to this; all ones is left to executors, to mean no context.</summary>
    public const uint MaximumName = 0x3FE;

    /// <summary>A name that no entry has.</summary>
    public const ulong NoContext = 0x3FFUL << NameShift;

    /// <summary>Bits of an address and of a tag that name a page; a tag byte may differ.</summary>
    private const ulong PageBits = 0x00FF_FFFF_FFFF_F000;

    /// <summary>The entry that an address probes.</summary>
    // SAFETY: context is a whole context; the index is masked to the table.
    public static ulong* Slot(GuestContext* context, ulong address, uint type) =>
        (ulong*)((byte*)context + GuestContext.FetchTlbOffset + (((address >> 8) + (type * TypeStride)) & IndexMask));

    /// <summary>The entry of the second level for an address.</summary>
    // SAFETY: as above.
    public static ulong* OuterSlot(GuestContext* context, ulong address, uint type) =>
        (ulong*)((byte*)context + GuestContext.FetchTlbOffset + SizeInBytes + (OuterTlb.SlotOf((uint)(address >> 12) + (type * TypeSalt), OuterBits) * EntrySize));

    /// <summary>The code offsets of the page of <paramref name="address"/> in the current context, or null.</summary>
    public static uint* Find(GuestContext* context, ulong address, uint type)
    {
        ulong tag = (address & ~0xFFCUL) | context->ContextTag;
        ulong* slot = Slot(context, address, type);
        if (slot[0] == tag)
            return (uint*)slot[1];
        ulong* outer = OuterSlot(context, address, type);
        if (outer[0] != tag)
            return null;
        slot[0] = tag;
        slot[1] = outer[1];
        return (uint*)outer[1];
    }

    /// <summary>Maps the page of <paramref name="address"/>, which is a multiple of 4, in the current context.</summary>
    public static void Fill(GuestContext* context, ulong address, uint type, uint* entries)
    {
        ulong* slot = Slot(context, address, type);
        ulong* outer = OuterSlot(context, address, type);
        slot[0] = outer[0] = (address & ~0xFFCUL) | context->ContextTag;
        slot[1] = outer[1] = (ulong)entries;
    }

    /// <summary>Drops one virtual page, in every context and of every branch type.</summary>
    public static void FlushPage(GuestContext* context, ulong address)
    {
        // The slot of the second level does not depend on the tag byte, which shifts out of the page's number.
        for (uint type = 0; type < Types; type++)
        {
            Drop(Slot(context, address, type), address);
            Drop(OuterSlot(context, address, type), address);
        }
    }

    /// <summary>Drops at least those of a block's 64 parts, of two to the power of <paramref name="partShift"/> bytes, whose bits are set, in every context.</summary>
    public static void FlushParts(GuestContext* context, ulong block, ulong parts, int partShift)
    {
        // A page has eight places; with more parts than this, looking at every entry is less.
        const int Few = 8;
        if (BitOperations.PopCount(parts) > Few)
        {
            FlushRange(context, block, block + (64UL << partShift) - 1);
            return;
        }

        for (; parts != 0; parts &= parts - 1)
        {
            ulong part = block + ((ulong)BitOperations.TrailingZeroCount(parts) << partShift);
            for (ulong offset = 0; offset < 1UL << partShift; offset += 4096)
                FlushPage(context, part + offset);
        }
    }

    /// <summary>Drops the virtual pages that touch [first, last], both without a tag byte, in every context.</summary>
    public static void FlushRange(GuestContext* context, ulong first, ulong last)
    {
        first &= PageBits;
        last &= PageBits;
        ulong* entry = (ulong*)((byte*)context + GuestContext.FetchTlbOffset);
        for (int i = 0; i < Entries + OuterEntries; i++, entry += 2)
        {
            ulong page = entry[0] & PageBits;
            if (page - first <= last - first)
                entry[0] = 0;
        }
    }

    /// <summary>Drops everything; a table that was never used stays memory that was never touched.</summary>
    public static void FlushAll(GuestContext* context)
    {
        var table = new Span<ulong>((byte*)context + GuestContext.FetchTlbOffset, TotalBytes / sizeof(ulong));
        if (table.ContainsAnyExcept(0UL))
            table.Clear();
    }

    private static void Drop(ulong* entry, ulong address)
    {
        if (((entry[0] ^ address) & PageBits) == 0)
            entry[0] = 0;
    }
}
