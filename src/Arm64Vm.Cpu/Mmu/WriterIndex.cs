using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>Where in the inline TLBs the write entries that lead to a host page are, by the low bits of its number: nowhere, in one place, or in several.</summary>
/// <remarks>
/// <code>
/// 0                                      no write entry leads to a host page with these low bits
/// Known | table | second | first         entries that do are in these slots of this table, if they are still there
/// Known | Several                        they may be anywhere
/// </code>
/// A page that gets its first code must leave the write tables, and most such pages were written to once, at one address: they are found without a search of all tables.
/// What is dropped from the tables in other ways stays noted here, which costs a look or a search and is forgotten with the next search.
/// SAFETY: the table lies in the context, which outlives this; the index is masked to it. Zeroed memory is empty.
/// </remarks>
internal sealed unsafe class WriterIndex(GuestContext* context)
{
    private const int Words = GuestContext.WritersSize / sizeof(uint);
    private const int FirstBits = 12;
    private const int SecondBits = 14;
    private const int TableShift = FirstBits + SecondBits;
    private const uint Known = 1U << 31;
    private const uint Several = 1U << 30;

    private readonly uint* _places = (uint*)((byte*)context + GuestContext.WritersOffset);

    /// <summary>Slots of a table's two levels.</summary>
    public readonly record struct Place(int Table, int First, int Second)
    {
        /// <summary>The slots of a virtual page.</summary>
        public static Place Of(int table, ulong address) => new(table, InlineTlb.FirstSlot(address), OuterTlb.Slot(address));
    }

    /// <summary>A write entry leads to a host page from now on.</summary>
    public void Add(ulong hostPage, in Place place)
    {
        ref uint known = ref _places[IndexOf(hostPage)];
        uint added = Known | ((uint)place.Table << TableShift) | ((uint)place.Second << FirstBits) | (uint)place.First;
        known = known == 0 || known == added ? added : Known | Several;
    }

    /// <summary>True where write entries may lead to a host page; <paramref name="place"/> is the only place where they, and those that lead to other pages of the same low bits, may be, or null.
    /// Where there is one, it is forgotten: what stays there is to be added again.</summary>
    public bool TryTake(ulong hostPage, out Place? place)
    {
        place = null;
        ref uint known = ref _places[IndexOf(hostPage)];
        if (known == 0)
            return false;
        if ((known & Several) == 0)
        {
            place = new Place((int)(known & ~Known) >> TableShift, (int)known & ((1 << FirstBits) - 1), (int)(known >> FirstBits) & ((1 << SecondBits) - 1));
            known = 0;
        }

        return true;
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => new Span<uint>(_places, Words).Clear();

    private static int IndexOf(ulong hostPage) => (int)(hostPage >> 12) & (Words - 1);
}
