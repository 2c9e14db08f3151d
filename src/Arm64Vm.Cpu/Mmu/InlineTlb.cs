using System.Numerics;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>The tables of the guest context that emitted code probes: virtual page to host page, for one address space at a time, in two levels.</summary>
/// <remarks>
/// Only the vCPU's own thread touches them: this object, and emitted code, which copies entries of the second level to the first. What is dropped is dropped in both;
/// an entry of one address space leaves the first level with all others, since which those are is known in the second only, from where they come back.
/// Marks (first level) and sets of slots (second level) keep flushes proportional to what is there.
/// </remarks>
internal sealed unsafe class InlineTlb
{
    private const int Tables = GuestContext.MmuIndexes * 2;
    private const int GroupBytes = 1 << GuestContext.TlbMarkShift;
    private const int GroupEntries = GroupBytes / GuestContext.TlbEntrySize;

    /// <summary>Bits of an address that name a page: a tag byte does not.</summary>
    private const ulong PageBits = 0x00FF_FFFF_FFFF_F000;

    // SAFETY: the context is page-aligned memory owned by the vCPU, which outlives this object's use.
    private readonly byte* _context;

    /// <summary>Made anew from what is there at each search for a page that may be in several places.</summary>
    private readonly WriterIndex _writers;

    /// <summary>By table, null until it is used: slots of the second level that may be in use, and those of one address space.</summary>
    private readonly SlotSet?[] _filled = new SlotSet?[Tables];
    private readonly SlotSet?[] _nonGlobal = new SlotSet?[Tables];

    /// <summary>Where entries can be, of all tables together.</summary>
    private readonly BlockParts _blocks = new();

    public InlineTlb(GuestContext* context)
    {
        _context = (byte*)context;
        _writers = new WriterIndex(context);
        Windows = new LoadWindows(context);
        GuestContext.InitializeTlbs(context);
    }

    /// <summary>Ranges that loads reach without the tables. Whatever drops an entry closes them as well.</summary>
    public LoadWindows Windows { get; }

    /// <summary>Maps the page of <paramref name="address"/> (as the guest used it, tag byte included) to <paramref name="hostPage"/>.</summary>
    public void Fill(int mmuIndex, bool write, ulong address, byte* hostPage, bool nonGlobal)
    {
        int table = (mmuIndex * 2) + (write ? 1 : 0);
        ulong page = address & ~0xFFFUL;
        _blocks.Note(address);
        int slot = FirstSlot(address);
        ulong* entry = First(table, slot);
        entry[0] = page;
        entry[1] = (ulong)hostPage;
        Marks(table)[slot / GroupEntries] = 1;
        if (write)
            _writers.Add((ulong)hostPage, WriterIndex.Place.Of(table, address));

        slot = OuterTlb.Slot(address);
        entry = Outer(table, slot);
        entry[0] = page | OuterTlb.Valid | (nonGlobal ? OuterTlb.NonGlobal : 0);
        entry[1] = (ulong)hostPage;
        SlotSet filled = _filled[table] ??= new SlotSet(OuterTlb.Entries);
        SlotSet ofOneSpace = _nonGlobal[table] ??= new SlotSet(OuterTlb.Entries);
        filled.Add(slot);
        if (nonGlobal)
            ofOneSpace.Add(slot);
        else
            ofOneSpace.Remove(slot);
    }

    /// <summary>Where an address is in host memory, where emitted code could reach it without help; else null.</summary>
    public byte* Find(int mmuIndex, bool write, ulong address)
    {
        int table = (mmuIndex * 2) + (write ? 1 : 0);
        ulong page = address & ~0xFFFUL;
        ulong* entry = First(table, FirstSlot(address));
        if (entry[0] == page)
            return (byte*)entry[1] + (address & 0xFFF);
        entry = Outer(table, OuterTlb.Slot(address));
        return (entry[0] & ~OuterTlb.NonGlobal) == (page | OuterTlb.Valid) ? (byte*)entry[1] + (address & 0xFFF) : null;
    }

    public void FlushAll()
    {
        Windows.CloseAll();
        _blocks.Clear();
        for (int table = 0; table < Tables; table++)
        {
            // Where the second level is not used the first is not.
            if (_filled[table] is not { } filled)
                continue;
            FlushFirst(table);
            foreach (int slot in filled)
                *Outer(table, slot) = 0;
            filled.Clear();
            _nonGlobal[table]!.Clear();
        }
    }

    /// <summary>Drops everything, and gives the memory of all tables back to the host, the fetch-side TLB's and the index of write entries behind them too: bytes that were present.</summary>
    public long GiveBack()
    {
        new Span<byte>(_context + GuestContext.TlbMarksOffset, Tables * GuestContext.TlbMarks).Clear();
        Array.Clear(_filled);
        Array.Clear(_nonGlobal);
        _blocks.GiveBack();

        // Zeros are empty entries in the other tables, and in these but for the first of each.
        long given = MappingRelease.Anonymous(_context + GuestContext.TlbOffset, GuestContext.TotalSize - GuestContext.TlbOffset);
        GuestContext.InitializeTlbs((GuestContext*)_context);
        return given;
    }

    /// <summary>Drops what belongs to the current ASID.</summary>
    public void FlushNonGlobal()
    {
        Windows.CloseNonGlobal();
        for (int table = 0; table < Tables; table++)
        {
            if (_nonGlobal[table] is not { } ofOneSpace)
                continue;
            FlushFirst(table);
            foreach (int slot in ofOneSpace)
            {
                *Outer(table, slot) = 0;
                _filled[table]!.Remove(slot);
            }

            ofOneSpace.Clear();
        }
    }

    /// <summary>Drops one virtual page whatever its tag byte.</summary>
    public void FlushPage(ulong address)
    {
        ulong page = PageWalker.SignExtend(address) & ~0xFFFUL;
        Windows.CloseTouching(page, page | 0xFFF);
        FlushPages(page, 1);
    }

    /// <summary>Drops the virtual pages that touch [first, last]; both sign-extended from bit 55.</summary>
    public void FlushRange(ulong first, ulong last)
    {
        const ulong Few = 1UL << (BlockParts.BlockShift - 12);
        ulong pages = (last >> 12) - (first >> 12) + 1;
        Windows.CloseTouching(first, last);

        if (pages - 1 < Few)
        {
            FlushWhereNoted(first & ~0xFFFUL, last);
            return;
        }

        for (int table = 0; table < Tables; table++)
        {
            if (_filled[table] is not { } filled)
                continue;
            FlushFirst(table);
            foreach (int slot in filled)
            {
                ulong* entry = Outer(table, slot);
                ulong page = PageWalker.SignExtend(entry[0]) & ~0xFFFUL;
                if (page <= last && (page | 0xFFF) >= first)
                    entry[0] = 0;
            }
        }
    }

    /// <summary>Drops the virtual pages from <paramref name="page"/> to the one of <paramref name="last"/>, looking where entries can be.</summary>
    private void FlushWhereNoted(ulong page, ulong last)
    {
        const ulong BlockMask = (1UL << BlockParts.BlockShift) - 1;
        const ulong PartMask = (1UL << BlockParts.PartShift) - 1;
        for (ulong block = page & ~BlockMask; ; block += BlockMask + 1)
        {
            bool isWhole = page <= block && last >= (block | BlockMask);
            for (ulong parts = isWhole ? _blocks.Take(block) : _blocks.Find(block); parts != 0; parts &= parts - 1)
            {
                ulong part = block + ((ulong)BitOperations.TrailingZeroCount(parts) << BlockParts.PartShift);
                ulong from = Math.Max(page, part), to = Math.Min(last, part | PartMask);
                if (from <= to)
                    FlushPages(from, (int)((to - from) >> 12) + 1);
            }

            if (last <= (block | BlockMask))
                return;
        }
    }

    /// <summary>Drops so many virtual pages, each from where it would be.</summary>
    private void FlushPages(ulong page, int count)
    {
        for (; count > 0; count--, page += 4096)
        {
            int slot = FirstSlot(page), outer = OuterTlb.Slot(page);
            for (int table = 0; table < Tables; table++)
            {
                // Where the second level is not used the first is not.
                if (_filled[table] == null)
                    continue;
                ulong* entry = First(table, slot);
                if (((entry[0] ^ page) & PageBits) == 0)
                    entry[0] = GuestContext.EmptyTlbTag(slot);
                entry = Outer(table, outer);
                if (((entry[0] ^ page) & PageBits) == 0)
                    entry[0] = 0;
            }
        }
    }

    /// <summary>Drops the write entries that lead to a host page.</summary>
    public void FlushWritesTo(byte* hostPage)
    {
        if (!_writers.TryTake((ulong)hostPage, out WriterIndex.Place? place))
            return;
        if (place is { } one)
        {
            DropFirst(one.Table, one.First, (ulong)hostPage);
            DropOuter(one.Table, one.Second, (ulong)hostPage);
            return;
        }

        _writers.Clear();
        for (int table = 1; table < Tables; table += 2)
        {
            if (_filled[table] is not { } filled)
                continue;
            foreach (int slot in filled)
                DropOuter(table, slot, (ulong)hostPage);
            Span<byte> marks = Marks(table);
            for (int group = 0; group < marks.Length; group++)
            {
                if (marks[group] == 0)
                    continue;
                for (int slot = group * GroupEntries; slot < (group + 1) * GroupEntries; slot++)
                    DropFirst(table, slot, (ulong)hostPage);
            }
        }
    }

    /// <summary>Empties a write entry that leads to a host page; one that leads to another page, which may be one of the same low bits, is noted again.</summary>
    private void DropFirst(int table, int slot, ulong hostPage)
    {
        ulong* entry = First(table, slot);
        if (entry[1] == hostPage)
            entry[0] = GuestContext.EmptyTlbTag(slot);
        else if (FirstSlot(entry[0]) == slot) // an empty entry's tag is of another slot
            _writers.Add(entry[1], WriterIndex.Place.Of(table, entry[0]));
    }

    /// <summary>As <see cref="DropFirst"/>, in the second level.</summary>
    private void DropOuter(int table, int slot, ulong hostPage)
    {
        ulong* entry = Outer(table, slot);
        if (entry[1] == hostPage)
            entry[0] = 0;
        else if (entry[0] != 0)
            _writers.Add(entry[1], WriterIndex.Place.Of(table, entry[0]));
    }

    /// <summary>The slot of an address in the first level, whatever its tag byte.</summary>
    internal static int FirstSlot(ulong address) => (int)(address >> 12) & (GuestContext.TlbEntries - 1);

    private ulong* First(int table, int slot) => (ulong*)(_context + GuestContext.TlbOffset + (table * GuestContext.TlbBytes) + (slot * GuestContext.TlbEntrySize));

    private ulong* Outer(int table, int slot) => (ulong*)(_context + OuterTlb.TableOf(table) + (slot * OuterTlb.EntrySize));

    private Span<byte> Marks(int table) => new(_context + GuestContext.TlbMarksOffset + (table * GuestContext.TlbMarks), GuestContext.TlbMarks);

    /// <summary>Empties the first level of a table.</summary>
    private void FlushFirst(int table)
    {
        Span<byte> marks = Marks(table);
        for (int group = 0, next; (next = marks[group..].IndexOfAnyExcept((byte)0)) >= 0; group++)
        {
            group += next;
            new Span<byte>((byte*)First(table, group * GroupEntries), GroupBytes).Clear();
            marks[group] = 0;
        }

        *First(table, 0) = GuestContext.EmptyTlbTag(0);
    }
}
