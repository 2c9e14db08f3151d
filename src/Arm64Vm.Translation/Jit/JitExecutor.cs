using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Runs guest code as emitted x86-64 code: finds or makes translations, links them, and serves resumable exits.</summary>
/// <remarks>
/// SAFETY: enters emitted code through an unmanaged function pointer (the thread is in preemptive mode meanwhile); emitted code never
/// calls managed code. One thread at a time per executor; the context belongs to the caller and outlives the call.
/// </remarks>
public sealed unsafe partial class JitExecutor : IExecutor
{
    /// <summary>Bytes of the stack of predicted returns; its lower half stays free for signal frames.</summary>
    private const int ReturnStackBytes = 256 * 1024;

    /// <summary>A context id that names no context: no tag made with it matches anything.</summary>
    private const ulong NoContext = 0x7FFFUL << 48;

    private readonly ICodeMemory memory;
    private readonly IGuestServices services;
    private readonly Translator translator;
    private readonly TranslationCache cache;
    private readonly X64Compiler compiler;
    private readonly IrRegion region = new();
    private readonly NativeMemoryRegion returnStack;
    private readonly delegate* unmanaged<GuestContext*, uint> enter;
    private readonly JitCounters counters = new();
    private GuestContext* prepared;
    private uint seenRemovals;
    private uint seenEpoch;
    private bool stepping;

    public JitExecutor(ICodeMemory memory, IGuestServices services, Translator translator, HostFeatures features, long cacheSize = TranslationCache.DefaultSize)
    {
        if (!features.MeetsBaseline)
            throw new PlatformNotSupportedException("The x64 back end needs a host processor with AVX2, FMA, F16C, BMI1, BMI2, LZCNT, POPCNT and MOVBE (x86-64-v3).");
        this.memory = memory;
        this.services = services;
        this.translator = translator;
        cache = new TranslationCache(cacheSize);
        compiler = new X64Compiler(cache, cache.Stubs, features);
        returnStack = new NativeMemoryRegion(ReturnStackBytes);
        enter = (delegate* unmanaged<GuestContext*, uint>)cache.Stubs.Enter;
    }

    public TranslationCache Cache => cache;

    public JitCounters Counters => counters;

    /// <summary>Come back after every unit, as if polled, so that each can be looked at; nothing is linked. Set before the first run.</summary>
    public bool StepsUnits { get; set; }

    /// <summary>Guest instructions are counted in <see cref="GuestContext.Instructions"/>, whole units at a time. Set before the first run.</summary>
    public bool CountsInstructions { get; set; }

    /// <summary>The unit entered last while <see cref="StepsUnits"/> is set; an index of <see cref="Cache"/>.</summary>
    public int LastUnit { get; private set; } = -1;

    public bool HasCode(ulong physicalPage) => cache.HasCode(physicalPage);

    public void Invalidate(ulong physicalAddress, ulong length) => cache.Invalidate(physicalAddress, length);

    public ExitReason Run(GuestContext* context)
    {
        if (prepared != context)
            Prepare(context);
        int site = -1;
        while (true)
        {
            if (Volatile.Read(ref context->Poll) != 0)
                return ExitReason.Poll;
            if ((context->Pc & 3) != 0)
                return ExitReason.PcAlignment;
            if (!TryFind(context, site))
            {
                site = -1;
                continue;
            }

            site = -1;
            uint code = enter(context);
            while (code == ExitLayout.SlowRequest)
            {
                if (!Serve(context))
                    break;
                DropStaleAddresses(context);
                context->Entry = (ulong)cache.Stubs.Resume;
                code = enter(context);
            }

            switch (code)
            {
                case ExitLayout.SlowRequest:
                    // The service raised an exception: PC is the handler's.
                    counters.Faults++;
                    if (stepping)
                        return ExitReason.Step;
                    break;
                case ExitLayout.LinkRequest:
                    site = (int)((SlowDescriptor*)context->Exit.Site)->Index;
                    context->Pc = context->PcPage + (ulong)(long)cache.Site(site).TargetDelta;
                    counters.Links++;
                    break;
                case ExitLayout.IndirectRequest:
                    counters.IndirectMisses++;
                    if (stepping)
                        return ExitReason.Step;
                    break;
                case (uint)ExitReason.Lookup:
                    context->Pc = context->PcPage + (ulong)(long)context->Exit.PcDelta;
                    counters.Lookups++;
                    if (stepping)
                        return ExitReason.Step;
                    break;
                default:
                    context->Pc = context->PcPage + (ulong)(long)context->Exit.PcDelta;
                    context->Exit.Reason = code;
                    return (ExitReason)code;
            }

            if (StepsUnits)
                return ExitReason.Poll;
        }
    }

    /// <summary>Sets the context up to enter the unit at its PC; false where fetching raised an exception.</summary>
    private bool TryFind(GuestContext* context, int site)
    {
        ulong pc = context->Pc;
        uint type = context->BranchType;
        if (!memory.TryFetch(context, pc, out CodeLocation location))
            return false;
        if (memory.ContextEpoch != seenEpoch)
        {
            // Tags are given out again from the first: nothing filed under an old one may match.
            seenEpoch = memory.ContextEpoch;
            cache.UnlinkAcrossPages();
            ClearJumpCache(context);
            context->ReturnStack = context->ReturnStackBase;
            site = -1;
        }

        if (location.ContextTag != context->ContextTag)
        {
            // Another address space or mode: predicted returns were for the old one, and the link's guard too.
            context->ContextTag = location.ContextTag;
            context->ReturnStack = context->ReturnStackBase;
            site = -1;
        }

        stepping = location.Mode.SingleStep;
        ulong fromTag = context->PcTag;
        uint removals = cache.RemovalGeneration;
        int offset = (int)(pc & 0xFFF);
        ulong physical = location.PhysicalPage + (ulong)offset;
        int unit = cache.Find(physical, location.Mode);
        if (unit < 0)
            unit = Translate(location, offset, physical);
        DropStaleAddresses(context);
        // Where translating evicted something, the site may have gone with it, and its number been given out again.
        if (site >= 0 && removals == cache.RemovalGeneration && cache.IsLive(site))
            cache.Link(site, unit, fromTag);
        long entry = cache.EntryOf(unit);
        ulong tag = pc ^ location.ContextTag;
        ulong* slot = (ulong*)((byte*)context + GuestContext.JumpCacheOffset + (((pc << 2) + (type * GuestContext.JumpCacheTypeStride)) & ((GuestContext.JumpCacheEntries - 1) * GuestContext.JumpCacheEntrySize)));
        slot[0] = tag;
        slot[1] = (ulong)entry;
        context->PcPage = pc & ~0xFFFUL;
        context->PcTag = tag & ~0xFFFUL;
        context->Entry = (ulong)entry;
        if (StepsUnits)
            LastUnit = unit;
        return true;
    }

    private int Translate(in CodeLocation location, int offset, ulong physical)
    {
        translator.Translate(location, offset, region);
        TranslationMode mode = location.Mode;
        CompileMode compileMode = new(mode.ExceptionLevel, mode.MmuIndex, mode.AlignmentChecked, mode.SingleStep || StepsUnits, mode.Fpcr, mode.ZeroTrapped, mode.PointerAuthentication);
        compiler.CountsInstructions = CountsInstructions || mode.CountsInstructions;
        int unit = cache.Add(compiler, region, compileMode, physical, location.Mode, Math.Max(region.GuestEnd - offset, 4), out bool first);
        if (first)
            memory.WatchWrites(location.PhysicalPage);
        return unit;
    }

    /// <summary>Code was removed: addresses of it may be in the jump cache and on the return stack.</summary>
    private void DropStaleAddresses(GuestContext* context)
    {
        if (seenRemovals == cache.RemovalGeneration)
            return;
        seenRemovals = cache.RemovalGeneration;
        context->ReturnStack = context->ReturnStackBase;
        if (!cache.TryTakeRemoved(out ReadOnlySpan<RemovedEntry> removed))
        {
            ClearJumpCache(context);
            return;
        }

        // The slot is chosen by bits of the virtual address; those inside the page are known, so few slots can hold the entry.
        ulong* slots = (ulong*)((byte*)context + GuestContext.JumpCacheOffset);
        foreach (RemovedEntry entry in removed)
        {
            for (int slot = entry.PageOffset >> 2; slot < GuestContext.JumpCacheEntries; slot += 4096 >> 2)
            {
                if (slots[(slot * 2) + 1] == (ulong)entry.Entry)
                    slots[slot * 2] = ulong.MaxValue;
            }
        }
    }

    private static void ClearJumpCache(GuestContext* context) =>
        new Span<byte>((byte*)context + GuestContext.JumpCacheOffset, GuestContext.JumpCacheEntries * GuestContext.JumpCacheEntrySize).Fill(0xFF);

    /// <summary>First use of a context by this executor.</summary>
    private void Prepare(GuestContext* context)
    {
        ClearJumpCache(context);
        byte* top = returnStack.Address + returnStack.Size - 64;
        // What a return finds below the last pair. A guest may return to that odd address too: it then leaves for the run loop.
        ((ulong*)top)[0] = (ulong)cache.Stubs.ReturnUnderflow;
        ((ulong*)top)[1] = 1;
        context->ReturnStackBase = (ulong)top;
        context->ReturnStackLimit = (ulong)(returnStack.Address + (ReturnStackBytes / 2));
        context->ReturnStack = (ulong)top;
        context->ContextTag = NoContext;
        context->PcTag = NoContext;
        FloatControlChanged(context);
        prepared = context;
    }

    public void Dispose()
    {
        cache.Dispose();
        returnStack.Dispose();
    }
}
