namespace Arm64Vm.Translation.Jit;

/// <summary>One piece of translated code in the cache. Indexes are into the cache's arrays; −1 ends a list.</summary>
public struct TranslationUnit
{
    /// <summary>Guest-physical address of the first instruction.</summary>
    public ulong PhysicalAddress;

    public TranslationMode Mode;

    /// <summary>Offset of the code in the code buffer; 0 for a free record.</summary>
    public int CodeOffset;
    public int CodeSize;

    /// <summary>Bytes of guest code, from <see cref="PhysicalAddress"/>.</summary>
    public int GuestSize;

    /// <summary>Offsets in the page: a change of any byte in [start, end) makes the unit wrong.</summary>
    public ushort DependencyStart;
    public ushort DependencyEnd;

    /// <summary>Link sites of this unit, by LinkSite.NextOfOwner.</summary>
    public int FirstSite;

    /// <summary>Sites linked to this unit, by LinkSite.NextIncoming.</summary>
    public int FirstIncoming;

    /// <summary>Next unit of the same physical page.</summary>
    public int NextInPage;

    /// <summary>Next unit of the same hash bucket, or of the free list.</summary>
    public int NextInBucket;

    /// <summary>Generation of the cache that holds the code.</summary>
    public int Segment;
}
