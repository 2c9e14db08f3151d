using System.Numerics;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>The tables of the guest context that emitted code probes: virtual page to host page, for one address space at a time.</summary>
/// <remarks>Only the vCPU's own thread touches them. Bitmaps of filled and of non-global slots keep flushes proportional to what is there.</remarks>
internal sealed unsafe class InlineTlb
{
    private const int Tables = GuestContext.MmuIndexes * 2;
    private const int Words = GuestContext.TlbEntries / 64;

    /// <summary>Bits of an address that name a page: a tag byte does not.</summary>
    private const ulong PageBits = 0x00FF_FFFF_FFFF_F000;

    // SAFETY: the context is page-aligned memory owned by the vCPU, which outlives this object's use.
    private readonly byte* _base;
    private readonly ulong[] _filled = new ulong[Tables * Words];
    private readonly ulong[] _nonGlobal = new ulong[Tables * Words];

    public InlineTlb(GuestContext* context)
    {
        _base = (byte*)context + GuestContext.TlbOffset;
        GuestContext.InitializeTlbs(context);
    }

    /// <summary>Maps the page of <paramref name="address"/> (as the guest used it, tag byte included) to <paramref name="hostPage"/>.</summary>
    public void Fill(int mmuIndex, bool write, ulong address, byte* hostPage, bool nonGlobal)
    {
        int slot = (int)(address >> 12) & (GuestContext.TlbEntries - 1);
        int table = (mmuIndex * 2) + (write ? 1 : 0);
        ulong page = address & ~0xFFFUL;
        ulong* entry = Entry(table, slot);
        entry[0] = page;
        entry[1] = (ulong)hostPage;
        int word = (table * Words) + (slot >> 6);
        ulong bit = 1UL << (slot & 63);
        _filled[word] |= bit;
        if (nonGlobal)
            _nonGlobal[word] |= bit;
        else
            _nonGlobal[word] &= ~bit;
    }

    /// <summary>Where an address is in host memory, where emitted code could reach it without help; else null.</summary>
    public byte* Find(int mmuIndex, bool write, ulong address)
    {
        ulong* entry = Entry((mmuIndex * 2) + (write ? 1 : 0), (int)(address >> 12) & (GuestContext.TlbEntries - 1));
        return entry[0] == (address & ~0xFFFUL) ? (byte*)entry[1] + (address & 0xFFF) : null;
    }

    public void FlushAll()
    {
        FlushBits(_filled);
        Array.Clear(_nonGlobal);
    }

    /// <summary>Drops what belongs to the current ASID.</summary>
    public void FlushNonGlobal()
    {
        for (int word = 0; word < _filled.Length; word++)
            _filled[word] &= ~_nonGlobal[word];
        FlushBits(_nonGlobal);
    }

    /// <summary>Drops one virtual page whatever its tag byte.</summary>
    public void FlushPage(ulong address)
    {
        int slot = (int)(address >> 12) & (GuestContext.TlbEntries - 1);
        for (int table = 0; table < Tables; table++)
        {
            ulong* entry = Entry(table, slot);
            if (((entry[0] ^ address) & PageBits) == 0)
                entry[0] = GuestContext.EmptyTlbTag(slot);
        }
    }

    /// <summary>Drops the virtual pages that touch [first, last]; both sign-extended from bit 55.</summary>
    public void FlushRange(ulong first, ulong last)
    {
        for (int word = 0; word < _filled.Length; word++)
        {
            for (ulong bits = _filled[word]; bits != 0; bits &= bits - 1)
            {
                int slot = ((word % Words) << 6) + BitOperations.TrailingZeroCount(bits);
                ulong* entry = Entry(word / Words, slot);
                ulong page = PageWalker.SignExtend(entry[0]);
                if (page <= last && (page | 0xFFF) >= first)
                    entry[0] = GuestContext.EmptyTlbTag(slot);
            }
        }
    }

    /// <summary>Drops the write entries that lead to a host page.</summary>
    public void FlushWritesTo(byte* hostPage)
    {
        for (int table = 1; table < Tables; table += 2)
        {
            for (int w = 0; w < Words; w++)
            {
                for (ulong bits = _filled[(table * Words) + w]; bits != 0; bits &= bits - 1)
                {
                    int slot = (w << 6) + BitOperations.TrailingZeroCount(bits);
                    ulong* entry = Entry(table, slot);
                    if (entry[1] == (ulong)hostPage)
                        entry[0] = GuestContext.EmptyTlbTag(slot);
                }
            }
        }
    }

    private ulong* Entry(int table, int slot) => (ulong*)(_base + (table * GuestContext.TlbBytes) + (slot * GuestContext.TlbEntrySize));

    private void FlushBits(ulong[] bitmap)
    {
        for (int word = 0; word < bitmap.Length; word++)
        {
            ulong bits = bitmap[word];
            if (bits == 0)
                continue;
            for (; bits != 0; bits &= bits - 1)
            {
                int slot = ((word % Words) << 6) + BitOperations.TrailingZeroCount(bits);
                *Entry(word / Words, slot) = GuestContext.EmptyTlbTag(slot);
            }

            bitmap[word] = 0;
        }
    }
}
