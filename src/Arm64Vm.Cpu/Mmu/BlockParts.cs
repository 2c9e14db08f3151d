namespace Arm64Vm.Cpu.Mmu;

/// <summary>Which parts of blocks of 2 MiB have had entries in a table by page since they were taken, so that invalidating a block looks where there can be some and not at 512 pages.</summary>
/// <remarks>
/// Firmware maps memory by blocks, and invalidates one for each page whose attributes it changes; few pages of it were used since the last time.
/// A slot knows one block. What a second one does to it is not undone before <see cref="Clear"/>: all parts of both, and of whichever else has the slot, may have entries. Nor is a part
/// forgotten when its pages are dropped one by one. So with many address spaces it comes to be no help, and never wrong.
/// </remarks>
internal sealed class BlockParts
{
    /// <summary>Log2 of a block's bytes: level 2 with a granule of 4 KiB.</summary>
    public const int BlockShift = 21;

    /// <summary>Log2 of a part's bytes: 64 parts are the bits of a word.</summary>
    public const int PartShift = BlockShift - 6;

    private const int SlotBits = 9;
    private const ulong AllParts = ulong.MaxValue;

    /// <summary>Above all block numbers, which have 43 bits.</summary>
    private const ulong Several = ulong.MaxValue;

    /// <summary>Null until something is noted.</summary>
    private Slot[]? _slots;

    /// <summary>All slots are empty.</summary>
    private bool _isClear = true;

    /// <summary>There is an entry for an address now, whatever its tag byte.</summary>
    public void Note(ulong address)
    {
        _slots ??= new Slot[1 << SlotBits];
        _isClear = false;
        ulong block = BlockOf(address);
        ref Slot slot = ref SlotOf(_slots, block);
        if (slot.Block != block)
            slot.Block = slot.Parts == 0 ? block : Several;
        slot.Parts |= 1UL << (int)(address >> PartShift & 63);
    }

    /// <summary>Parts of the block of an address that may have entries: bit n is the n-th part.</summary>
    public ulong Find(ulong address)
    {
        if (_slots == null)
            return 0;
        ulong block = BlockOf(address);
        ref Slot slot = ref SlotOf(_slots, block);
        return slot.Block == block ? slot.Parts : slot.Block == Several ? AllParts : 0;
    }

    /// <summary>As <see cref="Find"/>; the caller drops all entries of the block.</summary>
    public ulong Take(ulong address)
    {
        ulong parts = Find(address);
        if (parts == 0)
            return 0;
        ref Slot slot = ref SlotOf(_slots!, BlockOf(address));
        if (slot.Block != Several)
            slot.Parts = 0;
        return parts;
    }

    /// <summary>The parts of its block that a translation of an address covers, of two to the power of <paramref name="size"/> bytes, which are less than a block's.</summary>
    public static ulong PartsOf(ulong address, int size)
    {
        int count = size > PartShift ? 1 << (size - PartShift) : 1;
        return ((1UL << count) - 1) << (int)(address >> size << size >> PartShift & 63);
    }

    /// <summary>No entry is left anywhere.</summary>
    public void Clear()
    {
        if (_isClear)
            return;
        Array.Clear(_slots!);
        _isClear = true;
    }

    /// <summary>Clears it, and lets go of its room.</summary>
    public void GiveBack()
    {
        _slots = null;
        _isClear = true;
    }

    private static ulong BlockOf(ulong address) => PageWalker.SignExtend(address) >> BlockShift;

    private static ref Slot SlotOf(Slot[] slots, ulong block) => ref slots[(block * 0x9E37_79B9_7F4A_7C15) >> (64 - SlotBits)];

    private struct Slot
    {
        public ulong Block;
        public ulong Parts;
    }
}
