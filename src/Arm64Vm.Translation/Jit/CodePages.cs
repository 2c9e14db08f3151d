using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>How far a physical page is on its way to being watched for writes.</summary>
internal enum WatchState
{
    /// <summary>It has no code, and stores to it need not be seen.</summary>
    None,

    /// <summary>No new write entry of a TLB leads to it; old ones are being withdrawn.</summary>
    Arming,

    /// <summary>Every store to it is reported to the cache.</summary>
    Watched,
}

/// <summary>A guest-physical page that has, or had, code.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CodePage
{
    public ulong PhysicalPage;

    /// <summary>Next page of the same hash bucket; never changes.</summary>
    public CodePage* NextInBucket;

    /// <summary>The page's tables, one for each mode that it ran in.</summary>
    public CodeTable* FirstTable;

    /// <summary>Moves when bytes of the page changed while it was watched: what was read before is not to be trusted.</summary>
    public uint Version;

    public WatchState Watch;

    /// <summary>Units made from the page, by TranslationUnit.NextInPage; −1 ends the list.</summary>
    public int FirstUnit;
}

/// <summary>What a physical page was translated to in one mode: an entry for each of its 1024 instructions.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CodeTable
{
    public const int EntryCount = 1024;
    public const int SizeInBytes = EntryCount * sizeof(uint);

    public CodePage* Page;

    /// <summary>Next table of the same page.</summary>
    public CodeTable* Next;

    /// <summary>The page's bytes in host memory, as of the last fetch.</summary>
    public byte* Host;

    /// <summary>Code offsets by (address in page) / 4; zero leads to the miss routine.</summary>
    public uint* Entries;

    /// <summary>On guarded pages: the entries that branches of types 1 to 3 may use, made when the first one comes.</summary>
    public uint* Typed1;
    public uint* Typed2;
    public uint* Typed3;

    public TranslationMode Mode;

    /// <summary>Units alive in this mode.</summary>
    public int Units;

    /// <summary>Taken out of its page's list: nothing may be added any more.</summary>
    public bool IsRetired;

    [UnscopedRef]
    public ref uint* Typed(uint type)
    {
        switch (type)
        {
            case 1: return ref Typed1;
            case 2: return ref Typed2;
            default: return ref Typed3;
        }
    }
}

/// <summary>Physical pages with code, and their tables: look-ups without locks, changes under the cache's lock.</summary>
/// <remarks>
/// Pages are added at the head of their bucket with release order and are never removed; tables likewise, and are taken out only by
/// <see cref="Retire"/>, which waits for nobody: their memory is given out again when the cache knows that no vCPU can hold them.
/// SAFETY: pages, tables and entries lie in regions that this object owns and releases in Dispose, when no vCPU runs any more.
/// </remarks>
internal sealed unsafe class CodePages : IDisposable
{
    private const int BucketBits = 13;

    /// <summary>Each has 4 KiB of entries: 256 MiB of address space, of which only what is used becomes memory.</summary>
    public const int MaximumTables = 65536;
    public const int MaximumPages = 1 << 20;

    /// <summary>Tables' entries whose memory is made present with one call of the host.</summary>
    private const int PresentAtOnce = 64;

    private readonly NativeMemoryRegion buckets = new((1L << BucketBits) * sizeof(CodePage*));
    private readonly NativeMemoryRegion pages = new((long)MaximumPages * sizeof(CodePage));
    private readonly NativeMemoryRegion tables = new((long)MaximumTables * sizeof(CodeTable));
    private readonly NativeMemoryRegion entries = new((long)MaximumTables * CodeTable.SizeInBytes);
    private readonly Stack<nint> freeTables = new();
    private readonly Stack<nint> freeEntries = new();
    private int pageCount;
    private int tableCount;
    private int entriesCount;

    /// <summary>Tables without a unit that could be retired.</summary>
    public int EmptyTables { get; set; }

    /// <summary>Bytes of tables in use.</summary>
    public long TableBytes => (long)(entriesCount - freeEntries.Count) * CodeTable.SizeInBytes;

    /// <summary>True where another page or table may not fit.</summary>
    public bool IsCrowded => entriesCount - freeEntries.Count >= MaximumTables || tableCount - freeTables.Count >= MaximumTables || IsFull;

    /// <summary>True where another page does not fit.</summary>
    public bool IsFull => pageCount >= MaximumPages;

    /// <summary>Tables are in use, or retired.</summary>
    public bool HasTables => tableCount != freeTables.Count;

    /// <summary>The page, or null where it never had code. Any thread.</summary>
    public CodePage* Find(ulong physicalPage)
    {
        for (CodePage* page = (CodePage*)Volatile.Read(ref *Bucket(physicalPage)); page != null; page = page->NextInBucket)
        {
            if (page->PhysicalPage == physicalPage)
                return page;
        }

        return null;
    }

    /// <summary>The page's table for a mode, or null. Any thread.</summary>
    public static CodeTable* Find(CodePage* page, TranslationMode mode)
    {
        if (page == null)
            return null;
        for (CodeTable* table = (CodeTable*)Volatile.Read(ref *(nint*)&page->FirstTable); table != null; table = (CodeTable*)Volatile.Read(ref *(nint*)&table->Next))
        {
            if (table->Mode == mode)
                return table;
        }

        return null;
    }

    /// <summary>The page, added where it is new. Under the cache's lock.</summary>
    public CodePage* GetPage(ulong physicalPage)
    {
        CodePage* page = Find(physicalPage);
        if (page != null)
            return page;
        page = (CodePage*)pages.Address + pageCount++;
        page->PhysicalPage = physicalPage;
        page->FirstUnit = -1;
        page->NextInBucket = (CodePage*)*Bucket(physicalPage);
        Volatile.Write(ref *Bucket(physicalPage), (nint)page);
        return page;
    }

    /// <summary>Adds a table. Under the cache's lock, and not while <see cref="IsCrowded"/>.</summary>
    public CodeTable* AddTable(CodePage* page, TranslationMode mode, byte* host)
    {
        CodeTable* table = freeTables.TryPop(out nint free) ? (CodeTable*)free : (CodeTable*)tables.Address + tableCount++;
        *table = default;
        table->Page = page;
        table->Mode = mode;
        table->Host = host;
        table->Entries = NewEntries();
        table->Next = page->FirstTable;
        EmptyTables++;
        Volatile.Write(ref *(nint*)&page->FirstTable, (nint)table);
        return table;
    }

    /// <summary>Entries for branches of a type on a guarded page, all leading to <paramref name="miss"/>. Under the cache's lock.</summary>
    public uint* AddTyped(CodeTable* table, uint type, uint miss)
    {
        uint* added = NewEntries();
        new Span<uint>(added, CodeTable.EntryCount).Fill(miss);
        table->Typed(type) = added;
        return added;
    }

    /// <summary>Takes a table without units out of its page's list. It stays readable until <see cref="Release"/>. Under the cache's lock.</summary>
    public void Retire(CodeTable* table)
    {
        table->IsRetired = true;
        EmptyTables--;
        nint* link = (nint*)&table->Page->FirstTable;
        while ((CodeTable*)*link != table)
            link = (nint*)&((CodeTable*)*link)->Next;
        Volatile.Write(ref *link, (nint)table->Next);
    }

    /// <summary>Gives the memory of a retired table, which no vCPU can hold any more, back. Under the cache's lock.</summary>
    public void Release(CodeTable* table)
    {
        ReleaseEntries(table->Entries);
        for (uint type = 1; type < FetchTlb.Types; type++)
        {
            if (table->Typed(type) != null && table->Typed(type) != table->Entries)
                ReleaseEntries(table->Typed(type));
        }

        freeTables.Push((nint)table);
    }

    /// <summary>The tables without units, for <see cref="Retire"/>. Under the cache's lock.</summary>
    public void CollectEmpty(List<nint> empty)
    {
        for (int i = 0; i < pageCount; i++)
        {
            CodePage* page = (CodePage*)pages.Address + i;
            for (CodeTable* table = page->FirstTable; table != null; table = table->Next)
            {
                if (table->Units == 0)
                    empty.Add((nint)table);
            }
        }
    }

    /// <summary>Forgets all pages, of which none has a table and no vCPU can hold any. Under the cache's lock.</summary>
    public void ForgetPages()
    {
        new Span<nint>(buckets.Address, 1 << BucketBits).Clear();
        new Span<byte>(pages.Address, pageCount * sizeof(CodePage)).Clear();
        pageCount = 0;
    }

    /// <summary>With those that were made present ahead.</summary>
    private int EntriesPresent => entriesCount <= PresentAtOnce ? entriesCount : Math.Min((entriesCount + PresentAtOnce - 1) / PresentAtOnce * PresentAtOnce, MaximumTables);

    /// <summary>Forgets all pages and tables, of which no vCPU can hold any, and gives their memory back to the host: bytes that were present. Under the cache's lock.</summary>
    /// <remarks>Who looks a page up meanwhile, to tell of a store, finds it without units or does not find it.</remarks>
    public long GiveBack()
    {
        long given = buckets.GiveBack(buckets.Size)
            + pages.GiveBack((long)pageCount * sizeof(CodePage))
            + tables.GiveBack((long)tableCount * sizeof(CodeTable))
            + entries.GiveBack((long)EntriesPresent * CodeTable.SizeInBytes);
        pageCount = 0;
        tableCount = 0;
        entriesCount = 0;
        EmptyTables = 0;
        freeTables.Clear();
        freeEntries.Clear();
        return given;
    }

    public void Dispose()
    {
        buckets.Dispose();
        pages.Dispose();
        tables.Dispose();
        entries.Dispose();
    }

    private uint* NewEntries()
    {
        if (freeEntries.TryPop(out nint free))
            return (uint*)free;

        // The first are for small machines, which get what they touch.
        int number = entriesCount++;
        if (number >= PresentAtOnce && number % PresentAtOnce == 0)
            MappingPopulation.ForWriting(entries.Address + ((long)number * CodeTable.SizeInBytes), (long)Math.Min(PresentAtOnce, MaximumTables - number) * CodeTable.SizeInBytes);
        return (uint*)(entries.Address + ((long)number * CodeTable.SizeInBytes));
    }

    private void ReleaseEntries(uint* released)
    {
        new Span<uint>(released, CodeTable.EntryCount).Clear();
        freeEntries.Push((nint)released);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint* Bucket(ulong physicalPage) =>
        (nint*)buckets.Address + (int)(((physicalPage >> 12) * 0x9E3779B97F4A7C15UL) >> (64 - BucketBits));
}
