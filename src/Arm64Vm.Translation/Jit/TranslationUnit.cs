namespace Arm64Vm.Translation.Jit;

/// <summary>One piece of translated code in the cache. Indexes are into the cache's arrays; −1 ends a list.</summary>
/// <remarks>A unit's number, like its code, is given out again only with the whole chunk that holds the code.</remarks>
internal struct TranslationUnit
{
    /// <summary>Guest-physical address of the first instruction.</summary>
    public ulong PhysicalAddress;

    public TranslationMode Mode;

    /// <summary>Offset of the code in the code buffer; 0 for a free record.</summary>
    public int CodeOffset;
    public int CodeSize;

    /// <summary>Of the code, bytes that are at <see cref="CodeOffset"/>; the rest, its slow paths and link stubs, is at <see cref="ColdOffset"/>.</summary>
    public int HotSize;
    public int ColdOffset;

    /// <summary>Bytes of guest code, from <see cref="PhysicalAddress"/>: up to a page.</summary>
    public ushort GuestSize;

    /// <summary>Offsets in the page: a change of any byte in [start, end) makes the unit wrong.</summary>
    public ushort DependencyStart;
    public ushort DependencyEnd;

    /// <summary>False after it was removed; its code may still run for a while.</summary>
    public bool IsLive;

    /// <summary>What a recording knows it by (<see cref="Profiling.BlockRegistry"/>); 0: nothing.</summary>
    public int Recorded;

    /// <summary>Link sites of this unit, by LinkSite.NextOfOwner.</summary>
    public int FirstSite;

    /// <summary>Sites linked to this unit, by LinkSite.NextIncoming.</summary>
    public int FirstIncoming;

    /// <summary>Next unit of the same physical page.</summary>
    public int NextInPage;

    /// <summary>Next unit in the same chunk of the code buffer, or of the free list.</summary>
    public int NextInChunk;

    /// <summary>The table of the page and mode, as an address.</summary>
    internal nint Table;
}
