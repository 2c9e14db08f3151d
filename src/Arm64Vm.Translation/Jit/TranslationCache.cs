using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>Translated code of one machine, found by physical page and mode, shared by all its vCPUs; bounded, and evicted oldest first.</summary>
/// <remarks>
/// <para>Layout of the code buffer: stubs, constants, then chunks. Each vCPU fills a chunk of its own (<see cref="CodeWriter"/>), so several
/// can translate at once. Looking up takes no lock: a dense table per page and mode (<see cref="CodePages"/>) holds a code offset for each
/// instruction. Everything that changes units, links or pages takes the one lock, for a short time.</para>
/// <para>A page gets code: (1) it is marked, so that no new write entry of a TLB leads to it; (2) old write entries are withdrawn on every
/// vCPU, and the translating one waits until none can be in use (<see cref="ICodeMemory.WatchWrites"/>); (3) its version is read, then its bytes;
/// (4) the unit is published only if the version has not moved. A page loses code: (1) the store is done; (2) the store's vCPU finds the page
/// marked, or the translating one has read the new bytes (each has a fence between its two steps); (3) units of these bytes become
/// unreachable, the version and the epoch move and every running vCPU is sent to a unit boundary; (4) only then the store's instruction is complete.</para>
/// <para>SAFETY: owns the code buffer and the tables. What was removed is reused only when no member can hold it (<see cref="CacheMember"/>).</para>
/// </remarks>
internal sealed unsafe partial class TranslationCache : ICodeTracker, IDisposable
{
    public const long DefaultSize = 128L << 20;

    private const int StubBytes = 8192;
    private const int ConstantEntries = 16384;
    private const int FirstChunk = StubBytes + (ConstantEntries * 16);

    /// <summary>Units begin at multiples of it.</summary>
    private const int LeastUnit = 16;

    /// <summary>A jump that is not linked, and its record.</summary>
    private const int LeastSite = 8;

    private readonly Lock gate = new();
    private readonly CodeBuffer buffer;
    private readonly ConstantPool constants;
    private readonly PureOperationTable pureOperations = new();
    private readonly CodePages pages = new();
    private CacheMember[] members = [];
    private readonly RecordTable<TranslationUnit> units;
    private readonly RecordTable<LinkSite> sites;
    private BlockRegistry? registry;
    private int freeUnit = -1;
    private int freeSite = -1;
    private ulong epoch = 1;
    private ulong tableEpoch = 1;

    /// <param name="size">Bytes of code that there is room for.</param>
    /// <param name="features">What those who compile for the cache may use; null: what the host has.</param>
    /// <param name="limit">Bytes that code and tables may take; null: what the room for code makes of it.</param>
    public TranslationCache(long size = DefaultSize, HostFeatures? features = null, long? limit = null)
    {
        this.limit = limit ?? long.MaxValue;
        buffer = CodeBuffer.Create(size);
        units = new RecordTable<TranslationUnit>(buffer.Size / LeastUnit);
        sites = new RecordTable<LinkSite>(buffer.Size / LeastSite);
        chunkSize = (int)Math.Clamp((buffer.Size - FirstChunk) / 12, SmallestChunk, LargestChunk) & ~4095;
        chunks = new Chunk[(buffer.Size - FirstChunk) / chunkSize];
        if (chunks.Length < 4)
            throw new ArgumentOutOfRangeException(nameof(size), size, "too small for a few chunks of code");
        for (int i = 0; i < chunks.Length; i++)
            chunks[i].FirstUnit = -1;
        Stubs = new Stubs(buffer.Rw, buffer.Rx, StubBytes, (features ?? HostFeatures.Detect()).HasUpperVectors);
        constants = new ConstantPool(buffer.Rw + StubBytes, buffer.Rx + StubBytes, ConstantEntries);
    }

    public Stubs Stubs { get; }

    public TranslationCacheStatistics Statistics { get; } = new();

    /// <summary>Moves when code was removed: what holds code addresses (a return stack) drops them when this changes.</summary>
    internal ulong Epoch => Volatile.Read(ref epoch);

    /// <summary>Moves when tables were retired: fetch-side TLBs must be emptied.</summary>
    internal ulong TableEpoch => Volatile.Read(ref tableEpoch);

    /// <summary>True while one vCPU only uses the cache.</summary>
    internal bool IsPrivate => members.Length <= 1;

    /// <summary>Host address from which code offsets count.</summary>
    internal ulong CodeBase => (ulong)buffer.Rx;

    /// <summary>Hears of units that are made and lost; null: no recording is on, and nothing is being told any more.</summary>
    internal BlockRegistry? Registry
    {
        get => registry;
        set
        {
            lock (gate)
                registry = value;
        }
    }

    /// <summary>Where code is, for <see cref="Registry"/>.</summary>
    internal BlockRegistry.TranslationCacheView View => new(CodeBase, buffer.Size);

    /// <summary>Translations are timed from now on, for somebody who looks at the time.</summary>
    internal bool TimesTranslations { get; set; }

    /// <summary>Bytes of code and tables that it may hold: with as many tables as there are now, where the room for code alone sets the limit.</summary>
    public long Capacity => Math.Min(limit, ((long)chunks.Length * chunkSize) + TableBytes);

    /// <summary>Bytes of tables: entries of pages with code, and room for what is known of units and their links, which is never less than it was.</summary>
    public long TableBytes
    {
        get
        {
            lock (gate)
                return pages.TableBytes + units.Bytes + sites.Bytes;
        }
    }

    public ref readonly TranslationUnit Unit(int index) => ref units[index];

    public ReadOnlySpan<TranslationUnit> Units => units.Records;

    public long EntryOf(int unit) => (long)(buffer.Rx + units[unit].CodeOffset);

    /// <summary>The emitted bytes of a unit, for listings: of one that is in one piece (<see cref="UnitCompiler"/>, executors that step).</summary>
    public ReadOnlySpan<byte> CodeOf(int unit)
    {
        ref readonly TranslationUnit it = ref units[unit];
        return it.ColdOffset == it.CodeOffset + it.HotSize
            ? new(buffer.Rx + it.CodeOffset, it.CodeSize)
            : throw new InvalidOperationException("the unit's slow paths are apart");
    }

    public ref LinkSite Site(int index) => ref sites[index];

    public IrInst PureOperation(uint index) => pureOperations[index];

    /// <summary>A vCPU takes part from now on; its context gets the base of code offsets.</summary>
    internal CacheMember Join(GuestContext* context)
    {
        HostContext.Of(context)->CodeBase = CodeBase;
        CacheMember member = new(context);
        lock (gate)
        {
            if ((members.Length + 1) * 2 > chunks.Length)
                throw new InvalidOperationException("the translation cache is too small for so many vCPUs");
            members = [.. members, member];
        }

        return member;
    }

    /// <summary>The vCPU will not run any more.</summary>
    internal void Leave(CacheMember member)
    {
        lock (gate)
            members = Array.FindAll(members, other => other != member);
    }

    /// <summary>The unit that starts at a physical address in a mode, or −1.</summary>
    public int Find(ulong physicalAddress, TranslationMode mode)
    {
        CodeTable* table = FindTable(physicalAddress & ~0xFFFUL, mode);
        uint code = table == null ? 0 : Volatile.Read(ref table->Entries[(physicalAddress & 0xFFF) >> 2]);
        return code == 0 ? -1 : UnitAt(code);
    }

    /// <summary>The unit whose code starts at an offset that is in a table.</summary>
    internal int UnitAt(uint codeOffset) => *(int*)(buffer.Rw + codeOffset - sizeof(int));

    internal CodeTable* FindTable(ulong physicalPage, TranslationMode mode) => CodePages.Find(pages.Find(physicalPage), mode);

    /// <summary>The table of a page and mode, added where it is new; null where there is no room before vCPUs, perhaps the caller's own, have come to a unit boundary.</summary>
    internal CodeTable* GetTable(in CodeLocation location)
    {
        CodeTable* table = FindTable(location.PhysicalPage, location.Mode);
        if (table != null)
        {
            table->Host = location.Host;
            return table;
        }

        lock (gate)
        {
            if (pages.IsCrowded && !TryMakeRoomForTables())
                return null;
            CodePage* page = pages.GetPage(location.PhysicalPage);
            table = CodePages.Find(page, location.Mode);
            return table != null ? table : pages.AddTable(page, location.Mode, location.Host);
        }
    }

    /// <summary>The entries that a branch of a type may use, where the instruction at <paramref name="offset"/> in the page was found to suit it; null where there is no room for them.</summary>
    internal uint* EntriesFor(CodeTable* table, uint type, int offset)
    {
        if (type == 0 || !table->Mode.Guarded)
            return table->Entries;
        lock (gate)
        {
            uint* typed = table->Typed(type);
            if (typed == null)
            {
                if (pages.IsCrowded)
                    return null;
                typed = pages.AddTyped(table, type, MissOf(type));
            }

            uint code = table->Entries[offset >> 2];
            if (code != 0)
                Volatile.Write(ref typed[offset >> 2], code);
            return typed;
        }
    }

    /// <summary>True where translations of code on this physical page exist or are being made; stores to it must then be reported.</summary>
    public bool HasCode(ulong physicalPage)
    {
        CodePage* page = pages.Find(physicalPage);
        return page != null && Volatile.Read(ref *(int*)&page->Watch) != (int)WatchState.None;
    }

    /// <summary>First step of watching a page: from now on <see cref="HasCode"/> holds. Returns the version to <see cref="EndWatch"/> with.</summary>
    internal uint BeginWatch(CodePage* page)
    {
        lock (gate)
        {
            if (page->Watch == WatchState.None)
                page->Watch = WatchState.Arming;
            return page->Version;
        }
    }

    /// <summary>Last step of watching a page: no vCPU can store to it unseen any more.</summary>
    internal void EndWatch(CodePage* page, uint version)
    {
        lock (gate)
        {
            if (page->Version == version && page->Watch == WatchState.Arming)
                page->Watch = WatchState.Watched;
        }
    }

    internal uint InternPureOperation(in IrInst operation)
    {
        lock (gate)
            return pureOperations.Intern(operation);
    }

    internal long ConstantAddress(ulong low, ulong high)
    {
        lock (gate)
            return constants.AddressOf(low, high);
    }

    public void Dispose()
    {
        units.Dispose();
        sites.Dispose();
        buffer.Dispose();
        pages.Dispose();
    }

    private uint MissOf(uint type) => (uint)(Stubs.MissOfType((int)type) - (long)buffer.Rx);
}
