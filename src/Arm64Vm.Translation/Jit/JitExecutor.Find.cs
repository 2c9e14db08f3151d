using System.Diagnostics;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>From a guest PC to code to enter: on the page that runs, through the fetch-side TLB, or by a fetch.</summary>
internal sealed unsafe partial class JitExecutor
{
    /// <summary>More often the bytes of a page do not change under a translation before it is made under the cache's lock.</summary>
    private const int MostTries = 8;

    /// <summary>What a unit left for.</summary>
    private enum Want
    {
        /// <summary>PC, whatever has changed.</summary>
        Fetch,

        /// <summary>The target of a direct jump that can be linked; nothing else has changed.</summary>
        Link,

        /// <summary>The target of a jump to any page; nothing else has changed.</summary>
        Branch,
    }

    /// <summary>Sets the context up to enter the unit at its PC; false where the loop has to start over: fetching raised an exception, or a request came.</summary>
    private bool TryFind(GuestContext* context, Want want, int site)
    {
        ulong pc = context->Pc;
        CodeTable* table = null;
        uint* entries = null;
        bool isFarLink = want == Want.Link && cache.Site(site).IsFar;
        if (context->ContextTag != FetchTlb.NoContext && !StepsUnits)
        {
            if (want == Want.Link && !isFarLink)
                table = TableOf(site, (int)(pc & 0xFFF));
            else if (want != Want.Fetch || TryName(context, pc))
                entries = FetchTlb.Find(context, pc, context->BranchType);
        }

        int slot = (int)(pc & 0xFFF) >> 2;
        if (entries != null)
        {
            // A request, or code that this page did not have a moment ago.
            uint code = Volatile.Read(ref entries[slot]);
            if (code > MissesEnd)
            {
                if (isFarLink)
                    cache.Link(site, cache.UnitAt(code));
                return Enter(context, pc, code);
            }
        }

        if (table == null)
        {
            if (!TryFetch(context, pc))
                return false;
            if (isFarLink)
                cache.Link(site, cache.UnitAt((uint)(HostContext.Of(context)->Entry - cache.CodeBase)));
            return true;
        }

        uint target = Volatile.Read(ref table->Entries[slot]);
        if (target == 0 && !TryTranslate(context, table, pc, out target))
            return false;
        cache.Link(site, cache.UnitAt(target));
        return Enter(context, pc, target);
    }

    /// <summary>Mode and address space may have changed: brings the context's name up to date, so that pages that ran under it before are found without a fetch, as after most exceptions and returns. False: PC has to be fetched.</summary>
    private bool TryName(GuestContext* context, ulong pc)
    {
        if (stepping || context->BranchType != 0 || !memory.TryNameContext(pc, out ulong tag) || memory.ContextEpoch != seenNames)
            return false;
        TakeName(context, pc, tag);
        return true;
    }

    /// <summary>Code at PC runs in this context from now on.</summary>
    private void TakeName(GuestContext* context, ulong pc, ulong tag)
    {
        if (memory.ContextChanges != seenMappings)
        {
            // Perhaps by another processor, so that nothing was served here: predicted returns may lead to what is no longer mapped.
            seenMappings = memory.ContextChanges;
            returnStacks.Empty(context);
        }

        if (tag == context->ContextTag)
            return;
        returnStacks.Switch(context, pc, tag);
        context->ContextTag = tag;
    }

    /// <summary>Code offsets up to here are those of the stubs, where empty entries lead.</summary>
    private uint MissesEnd => (uint)cache.Stubs.Size;

    /// <summary>The table of the page that a link site is on, or null where its unit has been removed, or the target must be fetched because a debugger stops there.</summary>
    private CodeTable* TableOf(int site, int target)
    {
        ref readonly TranslationUnit owner = ref cache.Unit(cache.Site(site).Owner);
        CodeTable* table = (CodeTable*)owner.Table;
        return owner.IsLive && !table->IsRetired && !translator.IsStop(table->Mode, target) ? table : null;
    }

    private bool Enter(GuestContext* context, ulong pc, uint code)
    {
        context->BranchType = 0;
        context->PcPage = pc & ~0xFFFUL;
        HostContext.Of(context)->Entry = cache.CodeBase + code;
        return true;
    }

    /// <summary>Asks the processor what PC's page is, and under which mode it runs.</summary>
    private bool TryFetch(GuestContext* context, ulong pc)
    {
        uint type = context->BranchType;
        if (!memory.TryFetch(context, pc, out CodeLocation location))
            return false;
        counters.Fetches++;
        profile?.CountFetch(pc);
        if (memory.ContextEpoch != seenNames)
        {
            // Names are given out again from the first: nothing filed under an old one may match.
            seenNames = memory.ContextEpoch;
            FetchTlb.FlushAll(context);
            context->ContextTag = FetchTlb.NoContext;
            returnStacks.Empty(context);
        }

        TakeName(context, pc, location.ContextTag);
        stepping = location.Mode.SingleStep;
        CodeTable* table = cache.GetTable(location);
        if (table == null)
        {
            WaitForOthers(context);
            return false;
        }

        uint code = Volatile.Read(ref table->Entries[(pc & 0xFFF) >> 2]);
        if (code == 0 && !TryTranslate(context, table, pc, out code))
            return false;
        if (!stepping && !StepsUnits)
        {
            uint* entries = cache.EntriesFor(table, type, (int)(pc & 0xFFF));
            if (entries != null)
                FetchTlb.Fill(context, pc, type, entries);
        }

        if (StepsUnits)
            LastUnit = cache.UnitAt(code);
        return Enter(context, pc, code);
    }

    /// <summary>Translates the unit at PC. False: start over, since a request came.</summary>
    private bool TryTranslate(GuestContext* context, CodeTable* table, ulong pc, out uint code)
    {
        if (!CountsInstructions && !cache.TimesTranslations)
            return TryMakeUnit(context, table, pc, out code);
        long start = Stopwatch.GetTimestamp();
        bool done = TryMakeUnit(context, table, pc, out code);
        counters.TranslationTicks += Stopwatch.GetTimestamp() - start;
        return done;
    }

    private bool TryMakeUnit(GuestContext* context, CodeTable* table, ulong pc, out uint code)
    {
        code = 0;
        CodePage* page = table->Page;
        for (int tries = 0; tries < MostTries; tries++)
        {
            if (!cache.TryReserveConstants() || !TryReserveRoom())
            {
                WaitForOthers(context);
                return false;
            }

            uint constants = cache.ConstantsGeneration;
            if (Volatile.Read(ref *(int*)&page->Watch) != (int)WatchState.Watched)
            {
                uint armed = cache.BeginWatch(page);
                memory.WatchWrites(page->PhysicalPage);
                cache.EndWatch(page, armed);
            }

            // Bytes are read after the version: a store that comes between moves it, and this work is thrown away.
            uint version = Volatile.Read(ref page->Version);
            Interlocked.MemoryBarrier();
            BeginProfiledUnit();
            if (!TryMakeCode(context, table, (int)(pc & 0xFFF), out UnitDraft draft))
                return false;
            int place = writer.Position;
            int unit = cache.Publish(writer, table, version, constants, draft, DescribeUnit(table, pc, draft));
            KeepImage(unit, place);
            EndProfiledUnit(unit, place);
            if (unit >= 0)
            {
                code = (uint)cache.Unit(unit).CodeOffset;

                // Waiting for the page's write entries to go, this vCPU may have been asked for something.
                return Volatile.Read(ref context->Poll) == 0;
            }

            if (table->IsRetired)
                return false;
        }

        // Somebody keeps writing to the page. Starting over lets requests in, and the guest pays for its own stores.
        Thread.Yield();
        return false;
    }

    private bool TryReserveRoom() => writer.Chunk >= 0 || cache.TryTakeChunk(writer);

    /// <param name="context">The vCPU's.</param>
    /// <param name="table">Of the page.</param>
    /// <param name="bytes">The page's bytes, or a copy of them.</param>
    /// <param name="offset">Of the unit in the page.</param>
    /// <param name="draft">The unit.</param>
    private bool TryCompile(GuestContext* context, CodeTable* table, byte* bytes, int offset, out UnitDraft draft)
    {
        TranslationMode mode = table->Mode;
        CodeLocation location = new() { PhysicalPage = table->Page->PhysicalPage, Host = bytes, Mode = mode, ContextTag = context->ContextTag };
        translator.Translate(location, offset, region);
        CompileMode compileMode = new(mode.ExceptionLevel, mode.MmuIndex, mode.AlignmentChecked, mode.SingleStep || StepsUnits, mode.Fpcr, mode.ZeroTrapped, mode.PointerAuthentication, mode.HasLoadWindow);
        compiler.CountsInstructions = CountsInstructions || mode.CountsInstructions;
        draft = default;
        int size;
        bool isFresh = false;
        while (!cache.TryCompile(compiler, writer, region, compileMode, out size))
        {
            if (isFresh)
                throw new InvalidOperationException("one unit does not fit an empty chunk");
            if (!cache.TryTakeChunk(writer))
            {
                WaitForOthers(context);
                return false;
            }

            isFresh = true;
        }

        draft = UnitDraft.Of(region, offset, size, compiler.HotSize);
        return true;
    }

    /// <summary>The cache has evicted, and what it evicted may still be in use: this vCPU lets go of it and waits a moment for the others.</summary>
    private void WaitForOthers(GuestContext* context)
    {
        DropRemoved(context);
        if (!cache.IsPrivate)
            Thread.Yield();
    }
}
