using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>Names code contexts: equal tags mean that equal virtual addresses hold the same code under the same mode.</summary>
/// <remarks>
/// A name is a 10-bit number at bits 11:2 (<see cref="FetchTlb"/>), given out in turn for a key of table base, ASID, mode and invalidation
/// stamps. What is invalidated is never found again, since its stamp is gone. When numbers run out all names lose their meaning and <see cref="Epoch"/> moves.
/// A filter remembers pages that code was fetched from, so that invalidating data pages keeps the names.
/// </remarks>
internal sealed class ContextTags
{
    private const int Slots = 1024;
    private const int MostUsed = Slots * 3 / 4;

    private const int StampSlots = 1024;
    private const int FilterBits = 1 << 18;

    /// <summary>Bits of the filter that are made together.</summary>
    private const int PieceBits = 1 << 12;
    private const ulong EnabledFlag = 1UL << 62;
    private const ulong UpperFlag = 1UL << 61;

    private readonly Slot[] _slots = new Slot[Slots];
    private readonly uint[] _stamps = new uint[StampSlots];

    /// <summary>In pieces, null until a bit of them is set: few machines fetch code from many pages.</summary>
    private readonly ulong[]?[] _filter = new ulong[FilterBits / PieceBits][];

    /// <summary>Parts of blocks that code was fetched from since they were invalidated.</summary>
    private readonly BlockParts _blocks = new();
    private int _used;
    private uint _nextId = 1;
    private uint _nextStamp;
    private ulong _sizes;

    /// <summary>Non-global code ran in the upper half: its names include the ASID.</summary>
    private bool _upperNonGlobal;

    /// <summary>Moves when every name given out so far lost its meaning.</summary>
    public uint Epoch { get; private set; }

    /// <summary>Moves when names given out before lost their meaning.</summary>
    public uint Changes { get; private set; }

    /// <summary>The name of a context, at bits 11:2.</summary>
    public ulong Get(bool enabled, bool upper, ulong table, ushort asid, uint mode)
    {
        bool global = !enabled || (upper && !_upperNonGlobal);
        uint stamp = global ? 0 : _stamps[asid % StampSlots];
        ulong first = !enabled ? 0 : table | (global ? 0UL : (ulong)asid << 48);
        ulong second = (mode & 0xFFFF_FFFF) | ((ulong)stamp << 32 & 0x0FFF_FFFF_0000_0000) | (enabled ? EnabledFlag : 0) | (upper && enabled ? UpperFlag : 0);

        uint hash = (uint)((first * 0x9E37_79B9_7F4A_7C15) >> 40) ^ (uint)((second * 0xC2B2_AE3D_27D4_EB4F) >> 42);
        for (uint probe = hash % Slots; ; probe = (probe + 1) % Slots)
        {
            ref Slot slot = ref _slots[probe];
            if (slot.Id == 0)
            {
                if (_used >= MostUsed)
                {
                    Array.Clear(_slots);
                    _used = 0;
                    probe = hash % Slots;
                    slot = ref _slots[probe];
                }

                if (_nextId > FetchTlb.MaximumName)
                {
                    Restart();
                    probe = hash % Slots;
                    slot = ref _slots[probe];
                }

                _used++;
                slot = new Slot { First = first, Second = second, Id = _nextId++ };
                return (ulong)slot.Id << FetchTlb.NameShift;
            }

            if (slot.First == first && slot.Second == second)
                return (ulong)slot.Id << FetchTlb.NameShift;
        }
    }

    /// <summary>Code is fetched through a translation.</summary>
    public void NoteFetch(in TlbEntry entry, ulong address)
    {
        bool upper = (address & (1UL << 55)) != 0;
        if (upper && entry.IsNonGlobal)
            _upperNonGlobal = true;
        _sizes |= 1UL << entry.SizeLog2;
        if (entry.SizeLog2 == BlockParts.BlockShift)
            _blocks.Note(address);
        int bit = Hash(PageWalker.SignExtend(address), entry.SizeLog2);
        (_filter[bit / PieceBits] ??= new ulong[PieceBits / 64])[bit % PieceBits / 64] |= 1UL << (bit & 63);
    }

    public void InvalidateAll()
    {
        if (_used == 0)
            return;
        Changes++;
        Array.Clear(_slots);
        _used = 0;
        foreach (ulong[]? piece in _filter)
        {
            if (piece is not null)
                Array.Clear(piece);
        }

        _blocks.Clear();
        _sizes = 0;
        _upperNonGlobal = false;
    }

    /// <summary>Lets go of room, after <see cref="InvalidateAll"/>.</summary>
    public void GiveBack()
    {
        Array.Clear(_filter);
        _blocks.GiveBack();
    }

    public void InvalidateAsid(ushort asid)
    {
        _stamps[asid % StampSlots] = ++_nextStamp & 0x0FFF_FFFF;
        Changes++;
    }

    /// <summary>The translations of an address are gone: log2 of the size of the largest through which code may have been fetched there, or 0. That much must leave the fetch-side TLB; names stay.</summary>
    /// <param name="address">Sign-extended from bit 55.</param>
    /// <param name="parts">Where the size is that of <see cref="BlockParts"/>: the parts of the block that have to leave.</param>
    public int InvalidateAddress(ulong address, out ulong parts)
    {
        const ulong Block = 1UL << BlockParts.BlockShift;
        ulong sizes = FetchedSizes(address);
        parts = 0;

        // The filter only learns; what was invalidated once need not be again before code is fetched from it again.
        if ((sizes & Block) != 0)
        {
            parts = _blocks.Take(address);
            ulong smaller = sizes & (Block - 1);
            if (parts == 0)
                sizes &= ~Block;
            else if (smaller != 0) // another context has pages where this one has a block, which are not among the parts
                parts |= BlockParts.PartsOf(address, System.Numerics.BitOperations.Log2(smaller));
        }

        if (sizes == 0)
            return 0;
        Changes++;
        return System.Numerics.BitOperations.Log2(sizes);
    }

    /// <summary>The translations of many addresses are gone: log2 of the size of the largest through which code was fetched anywhere, or 0. Blocks of that size that touch the addresses must leave the fetch-side TLB.</summary>
    public int InvalidateRange()
    {
        if (_sizes == 0)
            return 0;
        Changes++;
        return System.Numerics.BitOperations.Log2(_sizes);
    }

    /// <summary>Sizes of the translations through which code at the address may have been fetched.</summary>
    private ulong FetchedSizes(ulong address)
    {
        ulong found = 0;
        for (ulong sizes = _sizes; sizes != 0; sizes &= sizes - 1)
        {
            int bit = Hash(address, System.Numerics.BitOperations.TrailingZeroCount(sizes));
            if (_filter[bit / PieceBits] is { } piece && (piece[bit % PieceBits / 64] & (1UL << (bit & 63))) != 0)
                found |= sizes & (~sizes + 1);
        }

        return found;
    }

    private static int Hash(ulong address, int size) =>
        (int)((((address >> size) + ((ulong)size << 57)) * 0x9E37_79B9_7F4A_7C15) >> (64 - 18));

    /// <summary>All numbers are used: forget everything and let the executor do the same.</summary>
    private void Restart()
    {
        Array.Clear(_slots);
        _used = 0;
        _nextId = 1;
        Epoch++;
    }

    private struct Slot
    {
        public ulong First;
        public ulong Second;
        public uint Id;
    }
}
