using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>Runs guest code of one vCPU as emitted x86-64 code: finds or makes translations, links them, and serves resumable exits.</summary>
/// <remarks>
/// SAFETY: enters emitted code through an unmanaged function pointer (the thread is in preemptive mode meanwhile); emitted code never
/// calls managed code. One thread at a time per executor; the context belongs to the caller and outlives the executor. The cache, which the
/// executors of a machine share, outlives them as well, unless the executor made it for itself.
/// </remarks>
internal sealed unsafe partial class JitExecutor : IExecutor
{
    private readonly ICodeMemory memory;
    private readonly IGuestServices services;
    private readonly Translator translator;
    private readonly TranslationCache cache;
    private readonly bool ownsCache;
    private readonly CodeWriter writer;
    private readonly X64Compiler compiler;
    private readonly IrRegion region = new();
    private readonly ReturnStacks returnStacks = new();
    private readonly delegate* unmanaged<GuestContext*, uint> enter;
    private readonly JitCounters counters = new();
    private GuestContext* prepared;
    private CacheMember? member;
    private ulong seenEpoch;
    private ulong seenTableEpoch;
    private uint seenNames;
    private uint seenMappings;
    private bool stepping;
    private ProcessorProfile? profile;

    /// <summary>Makes an executor with a cache of its own.</summary>
    public JitExecutor(ICodeMemory memory, IGuestServices services, Translator translator, HostFeatures features, long cacheSize = TranslationCache.DefaultSize)
        : this(memory, services, translator, features, new TranslationCache(cacheSize, features), ownsCache: true)
    {
    }

    /// <summary>Makes an executor that shares the machine's cache.</summary>
    public JitExecutor(ICodeMemory memory, IGuestServices services, Translator translator, HostFeatures features, TranslationCache cache)
        : this(memory, services, translator, features, cache, ownsCache: false)
    {
    }

    private JitExecutor(ICodeMemory memory, IGuestServices services, Translator translator, HostFeatures features, TranslationCache cache, bool ownsCache)
    {
        if (!features.MeetsBaseline)
            throw new PlatformNotSupportedException("The x64 back end needs a host processor with AVX2, FMA, F16C, BMI1, BMI2, LZCNT, POPCNT and MOVBE (x86-64-v3).");
        this.memory = memory;
        this.services = services;
        this.translator = translator;
        translator.AccessesStoreFlags = true;
        this.cache = cache;
        this.ownsCache = ownsCache;
        writer = new CodeWriter(cache);
        compiler = new X64Compiler(writer, cache.Stubs, features);
        enter = (delegate* unmanaged<GuestContext*, uint>)cache.Stubs.Enter;
    }

    public TranslationCache Cache => cache;

    public ICodeTracker Tracker => cache;

    public bool UsesLoadWindows => true;

    public JitCounters Counters => counters;

    /// <summary>Come back after every unit, as if polled, so that each can be looked at; nothing is linked. Set before the first run, and only with a cache of one's own.</summary>
    public bool StepsUnits { get; set; }

    /// <summary>Guest instructions are counted in <see cref="GuestContext.Instructions"/>, whole units at a time. Set before the first run; the same for all who share a cache.</summary>
    public bool CountsInstructions { get; set; }

    /// <summary>The unit entered last while <see cref="StepsUnits"/> is set; an index of <see cref="Cache"/>.</summary>
    public int LastUnit { get; private set; } = -1;

    public bool HasCode(ulong physicalPage) => cache.HasCode(physicalPage);

    public void Invalidate(ulong physicalAddress, ulong length) => cache.Invalidate(physicalAddress, length);

    public ExitReason Run(GuestContext* context)
    {
        if (prepared != context)
            Prepare(context);
        member!.Enter(cache.Epoch, cache.IsPrivate);
        try
        {
            return RunUnits(context);
        }
        finally
        {
            member.Leave();
        }
    }

    private ExitReason RunUnits(GuestContext* context)
    {
        Want want = Want.Fetch;
        int site = -1;
        while (true)
        {
            // A unit boundary: nothing of the unit that ran is held any more.
            if (DropRemoved(context) && want == Want.Link)
                want = Want.Fetch; // the number of the site that asked may be another one's by now: it will ask again
            if (Volatile.Read(ref context->Poll) != 0)
                return ExitReason.Poll;
            if ((context->Pc & 3) != 0)
                return ExitReason.PcAlignment;
            if (!TryFind(context, want, site))
            {
                // A handler that cannot be fetched either raises exceptions without end: each of them is a step.
                if (StepsUnits)
                    return ExitReason.FetchAbort;
                want = Want.Fetch;
                continue;
            }

            uint code = Enter(context);
            profile?.CountLeaving(context, code);
            while (code == ExitLayout.SlowRequest)
            {
                if (!Serve(context))
                    break;
                DropPredictions(context);
                HostContext.Of(context)->Entry = (ulong)cache.Stubs.Resume;
                code = Enter(context);
                profile?.CountLeaving(context, code);
            }

            want = Want.Fetch;
            switch (code)
            {
                case ExitLayout.SlowRequest:
                    // The service raised an exception: PC is the handler's.
                    counters.Faults++;
                    if (stepping)
                        return ExitReason.SingleStep;
                    break;
                case ExitLayout.LinkRequest:
                    site = *(int*)context->Exit.Site;
                    context->Pc = context->PcPage + (uint)cache.Site(site).TargetOffset;
                    want = Want.Link;
                    counters.Links++;
                    break;
                case ExitLayout.IndirectRequest:
                    want = Want.Branch;
                    counters.IndirectMisses++;
                    if (stepping)
                        return ExitReason.SingleStep;
                    break;
                case (uint)ExitReason.Lookup:
                    context->Pc = context->PcPage + (ulong)(long)context->Exit.PcDelta;
                    counters.Lookups++;
                    if (stepping)
                        return ExitReason.SingleStep;
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

    /// <summary>Runs emitted code from where the context says to its next exit.</summary>
    private uint Enter(GuestContext* context)
    {
        HostFlags.Enter(context);
        uint code = enter(context);
        HostFlags.Leave(context);
        return code;
    }

    public void SynchronizeFloatStatus(GuestContext* context) => HostFloatMode.Synchronize(context);

    public void FloatControlChanged(GuestContext* context) => HostFloatMode.Follow(context);

    /// <summary>In the middle of a unit: what was served may have changed mappings of code, and code may have been removed since this vCPU looked last. Its return stacks may lead there.</summary>
    private void DropPredictions(GuestContext* context)
    {
        if (memory.ContextChanges != seenMappings)
            ForgetContext(context);
        else if (cache.Epoch != seenEpoch)
            returnStacks.Empty(context);
    }

    /// <summary>At a unit boundary: drops whatever may lead to removed code or retired tables, and says so. False: nothing has been removed.</summary>
    private bool DropRemoved(GuestContext* context)
    {
        ulong epoch = cache.Epoch;
        if (epoch == seenEpoch)
            return false;
        returnStacks.Empty(context);
        if (cache.TableEpoch != seenTableEpoch)
        {
            seenTableEpoch = cache.TableEpoch;
            FetchTlb.FlushAll(context);
        }

        seenEpoch = epoch;
        member!.Announce(epoch);
        return true;
    }

    /// <summary>First use of a context by this executor.</summary>
    private void Prepare(GuestContext* context)
    {
        if (member != null)
            cache.Leave(member);
        member = cache.Join(context);
        FetchTlb.FlushAll(context);
        returnStacks.Prepare(context, cache.Stubs.ReturnMiss);
        context->ContextTag = FetchTlb.NoContext;
        HostFloatMode.Follow(context);
        seenEpoch = 0;
        prepared = context;
    }

    public long GiveBack(GuestContext* context, bool code)
    {
        if (prepared != context)
            return 0;
        if (code)
        {
            cache.CloseChunk(writer);
            region.GiveBack();
            compiler.GiveBack();
        }

        return returnStacks.GiveBack(context);
    }

    public void Dispose()
    {
        if (member != null)
            cache.Leave(member);
        if (ownsCache)
            cache.Dispose();
        returnStacks.Dispose();
        imageBuilder?.Dispose();
        pageCopy?.Dispose();
    }
}
