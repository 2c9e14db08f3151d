using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Translated code, found by physical address and mode; bounded, and evicted segment by segment, oldest first.</summary>
/// <remarks>
/// Layout of the code buffer: stubs, constants, then <see cref="SegmentCount"/> segments that are filled in turn.
/// SAFETY: owns the code buffer; emitted code of a unit may only be entered while the unit is alive, and the thread that removes
/// units must not be inside emitted code.
/// </remarks>
public sealed unsafe class TranslationCache : ICompilerHost, IDisposable
{
    public const int SegmentCount = 8;
    public const long DefaultSize = 128L << 20;

    private const int StubBytes = 8192;
    private const int ConstantEntries = 16384;
    private const int FirstSegment = StubBytes + (ConstantEntries * 16);

    /// <summary>Less than this is not worth a try; the emitter needs room for one instruction at least.</summary>
    private const int SmallestRoom = 64;
    private const int BucketCount = 1 << 16;

    private readonly CodeBuffer buffer;
    private readonly ConstantPool constants;
    private readonly PureOperationTable pureOperations = new();
    private readonly Dictionary<ulong, int> pages = [];
    private readonly int[] buckets = new int[BucketCount];
    private readonly int segmentSize;
    private TranslationUnit[] units = new TranslationUnit[4096];
    private LinkSite[] sites = new LinkSite[8192];
    private int unitCount;
    private int freeUnit = -1;
    private int siteCount;
    private int freeSite = -1;
    private int segment;
    private int position;
    private int compiling = -1;
    private readonly RemovedEntry[] removed = new RemovedEntry[256];
    private int removedCount;

    public TranslationCache(long size = DefaultSize)
    {
        buffer = CodeBuffer.Create(size);
        segmentSize = (int)((buffer.Size - FirstSegment) / SegmentCount) & ~63;
        Stubs = new Stubs(buffer.Rw, buffer.Rx, StubBytes);
        constants = new ConstantPool(buffer.Rw + StubBytes, buffer.Rx + StubBytes, ConstantEntries);
        position = SegmentStart(0);
        Array.Fill(buckets, -1);
    }

    public Stubs Stubs { get; }

    /// <summary>Counts removals: whoever holds code addresses outside the cache (jump caches, return stacks) drops them when this changes.</summary>
    public uint RemovalGeneration { get; private set; }

    /// <summary>Empties the list of entries removed since the last call; false, with an empty list, where there were too many to remember.</summary>
    public bool TryTakeRemoved(out ReadOnlySpan<RemovedEntry> entries)
    {
        bool known = removedCount <= removed.Length;
        entries = removed.AsSpan(0, known ? removedCount : 0);
        removedCount = 0;
        return known;
    }

    public TranslationCacheStatistics Statistics { get; } = new();

    public ref readonly TranslationUnit Unit(int index) => ref units[index];

    public ReadOnlySpan<TranslationUnit> Units => units.AsSpan(0, unitCount);

    public long EntryOf(int unit) => (long)(buffer.Rx + units[unit].CodeOffset);

    /// <summary>The emitted bytes of a unit, for listings.</summary>
    public ReadOnlySpan<byte> CodeOf(int unit) => new(buffer.Rx + units[unit].CodeOffset, units[unit].CodeSize);

    public IrInst PureOperation(uint index) => pureOperations[index];

    private static int Bucket(ulong physicalAddress, TranslationMode mode) =>
        (int)((((physicalAddress >> 2) ^ ((ulong)mode.Bits << 17)) * 0x9E3779B97F4A7C15UL) >> 48);

    /// <summary>Bytes left in the segment that is being filled.</summary>
    internal int Room => SegmentStart(segment) + segmentSize - position;

    private int SegmentStart(int index) => FirstSegment + (index * segmentSize);

    /// <summary>The unit that starts at a physical address in a mode, or −1.</summary>
    public int Find(ulong physicalAddress, TranslationMode mode)
    {
        for (int i = buckets[Bucket(physicalAddress, mode)]; i >= 0; i = units[i].NextInBucket)
        {
            if (units[i].PhysicalAddress == physicalAddress && units[i].Mode == mode)
                return i;
        }

        return -1;
    }

    public bool HasCode(ulong physicalPage) => pages.ContainsKey(physicalPage);

    /// <summary>Compiles a region and enters it under its address and mode.</summary>
    /// <param name="isFirstOfPage">The physical page had no code before: writes to it must be watched from now on.</param>
    public int Add(X64Compiler compiler, IrRegion region, CompileMode compileMode, ulong physicalAddress, TranslationMode mode, int guestSize, out bool isFirstOfPage)
    {
        if (constants.IsCrowded || pureOperations.Count > 1 << 16)
            Clear();
        int index = AllocateUnit();
        compiling = index;
        int size;
        while (true)
        {
            int capacity = Room;
            if (capacity >= SmallestRoom
                && compiler.TryCompile(region, compileMode, index, buffer.Rw + position, buffer.Rx + position, capacity, position, out size))
            {
                break;
            }

            DropSitesOf(index);
            if (position == SegmentStart(segment))
                throw new InvalidOperationException("one unit does not fit an empty segment");
            NextSegment();
        }

        compiling = -1;
        ref TranslationUnit unit = ref units[index];
        unit.PhysicalAddress = physicalAddress;
        unit.Mode = mode;
        unit.CodeOffset = position;
        unit.CodeSize = size;
        unit.GuestSize = guestSize;
        unit.DependencyStart = (ushort)region.DependencyStart;
        unit.DependencyEnd = (ushort)region.DependencyEnd;
        unit.Segment = segment;
        position = (position + size + 15) & ~15;

        int bucket = Bucket(physicalAddress, mode);
        unit.NextInBucket = buckets[bucket];
        buckets[bucket] = index;
        ulong page = physicalAddress & ~0xFFFUL;
        isFirstOfPage = !pages.TryGetValue(page, out int first);
        unit.NextInPage = isFirstOfPage ? -1 : first;
        pages[page] = index;
        Statistics.Count(region.GuestInstructions, size);
        return index;
    }

    // ---- Removal -------------------------------------------------------------------------------------------------------

    /// <summary>Removes units that depend on any byte of [physicalAddress, physicalAddress + length).</summary>
    public void Invalidate(ulong physicalAddress, ulong length)
    {
        if (length == 0)
            return;
        ulong last = physicalAddress + length - 1;
        for (ulong page = physicalAddress & ~0xFFFUL; ; page += 0x1000)
        {
            if (pages.TryGetValue(page, out int first))
                InvalidateInPage(page, first, physicalAddress, last);
            if (page == (last & ~0xFFFUL))
                break;
        }
    }

    private void InvalidateInPage(ulong page, int first, ulong from, ulong last)
    {
        int kept = -1;
        for (int i = first; i >= 0;)
        {
            int next = units[i].NextInPage;
            if (page + units[i].DependencyStart <= last && page + units[i].DependencyEnd > from)
            {
                Statistics.Invalidated++;
                Remove(i);
            }
            else
            {
                units[i].NextInPage = kept;
                kept = i;
            }

            i = next;
        }

        if (kept < 0)
            pages.Remove(page);
        else
            pages[page] = kept;
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        for (int s = 0; s < SegmentCount; s++)
            EvictSegment(s);
        constants.Clear();
        pureOperations.Clear();
        segment = 0;
        position = SegmentStart(0);
        Statistics.Flushes++;
    }

    private void NextSegment()
    {
        segment = (segment + 1) % SegmentCount;
        position = SegmentStart(segment);
        EvictSegment(segment);
    }

    private void EvictSegment(int index)
    {
        for (int i = 0; i < unitCount; i++)
        {
            if (units[i].CodeOffset == 0 || units[i].Segment != index || i == compiling)
                continue;
            UnlinkFromPage(i);
            Remove(i);
            Statistics.Evicted++;
        }
    }

    private void UnlinkFromPage(int unit)
    {
        ulong page = units[unit].PhysicalAddress & ~0xFFFUL;
        int first = pages[page];
        if (first == unit)
        {
            if (units[unit].NextInPage < 0)
                pages.Remove(page);
            else
                pages[page] = units[unit].NextInPage;
            return;
        }

        int i = first;
        while (units[i].NextInPage != unit)
            i = units[i].NextInPage;
        units[i].NextInPage = units[unit].NextInPage;
    }

    /// <summary>Unlinks and frees a unit that is in no page list any more.</summary>
    private void Remove(int index)
    {
        ref TranslationUnit unit = ref units[index];
        for (int s = unit.FirstIncoming; s >= 0;)
        {
            int next = sites[s].NextIncoming;
            Unlink(s);
            s = next;
        }

        unit.FirstIncoming = -1;
        DropSitesOf(index);
        int bucket = Bucket(unit.PhysicalAddress, unit.Mode);
        if (buckets[bucket] == index)
        {
            buckets[bucket] = unit.NextInBucket;
        }
        else
        {
            int i = buckets[bucket];
            while (units[i].NextInBucket != index)
                i = units[i].NextInBucket;
            units[i].NextInBucket = unit.NextInBucket;
        }

        if (removedCount < removed.Length)
            removed[removedCount] = new RemovedEntry((int)(unit.PhysicalAddress & 0xFFF), EntryOf(index));
        removedCount++;
        unit = default;
        unit.NextInBucket = freeUnit;
        freeUnit = index;
        RemovalGeneration++;
    }

    private void DropSitesOf(int unit)
    {
        for (int s = units[unit].FirstSite; s >= 0;)
        {
            int next = sites[s].NextOfOwner;
            if (sites[s].Target >= 0)
            {
                RemoveIncoming(s);
                // The unit may still be running: its jumps must ask again.
                Unlink(s);
            }

            sites[s].NextOfOwner = freeSite;
            sites[s].Owner = -1;
            freeSite = s;
            s = next;
        }

        units[unit].FirstSite = -1;
    }

    private void RemoveIncoming(int site)
    {
        ref int head = ref units[sites[site].Target].FirstIncoming;
        while (head != site)
            head = ref sites[head].NextIncoming;
        head = sites[site].NextIncoming;
    }

    // ---- Linking -------------------------------------------------------------------------------------------------------

    /// <summary>Makes a direct jump go straight to a unit.</summary>
    /// <param name="site">The site.</param>
    /// <param name="target">The unit at the site's target.</param>
    /// <param name="pcTag">For a jump to another page: the tag of the page jumped from, for which the link holds.</param>
    public void Link(int site, int target, ulong pcTag)
    {
        ref LinkSite link = ref sites[site];
        if (link.Owner < 0 || link.Target >= 0)
            return;
        link.Target = target;
        link.NextIncoming = units[target].FirstIncoming;
        units[target].FirstIncoming = site;
        Patch(link.JumpField, units[target].CodeOffset);
        if (link.Kind == LinkKind.CrossPage)
        {
            Patch(link.MissField, link.MissLookup);
            Volatile.Write(ref *(ulong*)(buffer.Rw + link.TagField), pcTag);
        }

        Statistics.Links++;
    }

    /// <summary>Undoes all links to other pages: the tags that guard them have lost their meaning.</summary>
    public void UnlinkAcrossPages()
    {
        for (int s = 0; s < siteCount; s++)
        {
            if (sites[s].Owner < 0 || sites[s].Target < 0 || sites[s].Kind != LinkKind.CrossPage)
                continue;
            RemoveIncoming(s);
            Unlink(s);
        }
    }

    private void Unlink(int site)
    {
        ref LinkSite link = ref sites[site];
        link.Target = -1;
        link.NextIncoming = -1;
        if (link.Kind == LinkKind.CrossPage)
        {
            Volatile.Write(ref *(ulong*)(buffer.Rw + link.TagField), GuestContext.InvalidTag);
            Patch(link.MissField, link.Unlinked);
        }

        Patch(link.JumpField, link.Unlinked);
    }

    private void Patch(int field, int target) =>
        CodePatcher.PatchRel32(buffer.Rw + field, buffer.Rx + field, buffer.Rx + target);

    /// <summary>True where the site still belongs to a unit (it may have been removed since the exit).</summary>
    public bool IsLive(int site) => (uint)site < (uint)siteCount && sites[site].Owner >= 0;

    public ref LinkSite Site(int index) => ref sites[index];

    // ---- ICompilerHost -------------------------------------------------------------------------------------------------

    public uint InternPureOperation(in IrInst operation) => pureOperations.Intern(operation);

    public long ConstantAddress(ulong low, ulong high) => constants.AddressOf(low, high);

    public int AddLinkSite(in LinkSite site)
    {
        int index = freeSite;
        if (index >= 0)
        {
            freeSite = sites[index].NextOfOwner;
        }
        else
        {
            if (siteCount == sites.Length)
                Array.Resize(ref sites, sites.Length * 2);
            index = siteCount++;
        }

        sites[index] = site;
        sites[index].NextOfOwner = units[site.Owner].FirstSite;
        units[site.Owner].FirstSite = index;
        return index;
    }

    private int AllocateUnit()
    {
        int index = freeUnit;
        if (index >= 0)
        {
            freeUnit = units[index].NextInBucket;
        }
        else
        {
            if (unitCount == units.Length)
                Array.Resize(ref units, units.Length * 2);
            index = unitCount++;
        }

        units[index] = default;
        units[index].FirstSite = -1;
        units[index].FirstIncoming = -1;
        return index;
    }

    public void Dispose() => buffer.Dispose();
}
