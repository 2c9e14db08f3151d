namespace Arm64Vm.Ir;

/// <summary>The second level of a context's software TLBs for data: what has lost its slot in the first to another page is found here without leaving emitted code.</summary>
/// <remarks>
/// <code>
/// entry    {tag, host address of the page}
/// tag      virtual page, bit 0 set, and bit 1 where the translation is of one address space only; zero is no tag, so zeroed memory is empty
/// slot     bits 31:18 of (address >> 12) × Multiplier: pages that share a slot of the first level seldom share one here
/// </code>
/// One table for reads and one for writes per MMU index, as in the first level. Shared code behind a failed probe looks here, copies what it finds to the first
/// level, and marks the group of slots that it wrote to (<see cref="GuestContext.TlbMarksOffset"/>), so that flushing it is proportional to what is there.
/// </remarks>
internal static class OuterTlb
{
    public const int Entries = 1 << SlotBits;
    public const int EntrySize = 16;
    public const int SizeInBytes = Entries * EntrySize;
    public const int IndexMask = (Entries - 1) * EntrySize;

    /// <summary>Product bits below the slot's, less the four of an entry's size: what the product is shifted right by to give an entry's offset.</summary>
    public const int IndexShift = 32 - SlotBits - 4;

    /// <summary>2^32 divided by the golden ratio, odd: neighbours spread over the whole table.</summary>
    public const int Multiplier = unchecked((int)0x9E37_79B1);

    /// <summary>In the tag of an entry.</summary>
    public const ulong Valid = 1;

    /// <summary>In the tag of an entry: the translation belongs to one ASID.</summary>
    public const ulong NonGlobal = 2;

    private const int SlotBits = 14;

    /// <summary>Byte offset in the context of the table of <paramref name="mmuIndex"/> for reads or for writes.</summary>
    public static int Table(int mmuIndex, bool write) => TableOf((mmuIndex * 2) + (write ? 1 : 0));

    /// <summary>Byte offset in the context of a table by number: twice the MMU index, and one more for writes.</summary>
    public static int TableOf(int number) => GuestContext.OuterTlbOffset + (number * SizeInBytes);

    /// <summary>The slot of an address, whatever its tag byte.</summary>
    public static int Slot(ulong address) => SlotOf((uint)(address >> 12), SlotBits);

    /// <summary>The slot of a page's number in a second level of two to the power of <paramref name="bits"/> entries, for data or for code: upper bits of a product.</summary>
    public static int SlotOf(uint page, int bits) => (int)((page * unchecked((uint)Multiplier)) >> (32 - bits));
}
