using Arm64Vm.Ir;

namespace Arm64Vm.Translation;

/// <summary>Where the bytes of the code at a virtual address are, and under which mode they run.</summary>
internal unsafe struct CodeLocation
{
    /// <summary>Guest-physical address of the 4 KiB page.</summary>
    public ulong PhysicalPage;

    /// <summary>The page's 4096 bytes in host memory.</summary>
    public byte* Host;

    public TranslationMode Mode;

    /// <summary>Names regime, ASID, mapping generation and mode in tags of the fetch-side TLB (<see cref="FetchTlb"/>): bits 11:2 only, neither zero nor <see cref="FetchTlb.NoContext"/>.</summary>
    public ulong ContextTag;
}

/// <summary>The processor's view of guest code, for executors.</summary>
// SAFETY: context points to the whole context of the vCPU, for the call; a location's Host is 4096 readable bytes until guest code runs again.
internal unsafe interface ICodeMemory
{
    /// <summary>Translates <paramref name="address"/> for instruction fetch. False: an exception was raised, or the address is to be fetched under another name; go on at the context's PC.</summary>
    bool TryFetch(GuestContext* context, ulong address, out CodeLocation location);

    /// <summary>The tag that <see cref="TryFetch"/> would give for code at <paramref name="address"/> now, without fetching: what is in the fetch-side TLB under it may run. False: only a fetch can tell whether code may run there, because of steps, breakpoints or an illegal state.</summary>
    bool TryNameContext(ulong address, out ulong tag)
    {
        tag = 0;
        return false;
    }

    /// <summary>Moves when context tags start over from the first: whatever is filed under older tags must then be dropped. Look after every TryFetch and TryNameContext.</summary>
    uint ContextEpoch => 0;

    /// <summary>Moves when context tags given out before lost their meaning (TLB invalidation): the current one must be asked for again.</summary>
    uint ContextChanges => 0;

    /// <summary>
    /// From now on every write to the physical page must be reported through <see cref="ICodeTracker.Invalidate"/>: inline store paths to it are
    /// withdrawn on every vCPU. <see cref="ICodeTracker.HasCode"/> holds for it already. When this returns no vCPU can store to it unseen.
    /// May set a bit of the poll word: the executor then returns before it enters guest code.
    /// </summary>
    void WatchWrites(ulong physicalPage);
}

/// <summary>Knows which pages have translated code. Safe from any thread.</summary>
internal interface ICodeTracker
{
    /// <summary>True where translations of code on this physical page exist, or are being made; stores to it must then be reported.</summary>
    bool HasCode(ulong physicalPage);

    /// <summary>Drops translations made from the bytes [physicalAddress, physicalAddress + length), which have been changed.</summary>
    void Invalidate(ulong physicalAddress, ulong length);
}

/// <summary>Runs guest code for one vCPU.</summary>
internal unsafe interface IExecutor : ICodeTracker, IDisposable
{
    /// <summary>Whom to tell of stores to code: the executor itself, or what it shares with those of other vCPUs.</summary>
    ICodeTracker Tracker => this;

    /// <summary>Code for modes with <see cref="TranslationMode.HasLoadWindow"/> differs from other code. False: processors leave that bit alone.</summary>
    bool UsesLoadWindows => false;

    /// <summary>Runs from the context's PC until something happens that only the processor can handle; PC is then exact.</summary>
    /// <remarks>Never returns <see cref="ExitReason.Lookup"/>, <see cref="ExitReason.Memory"/>, <see cref="ExitReason.System"/> or <see cref="ExitReason.PureOperation"/>: these are dealt with inside.</remarks>
    ExitReason Run(GuestContext* context);

    /// <summary>Folds what host floating-point state still holds into FPSR; called when the guest or a person reads it.</summary>
    void SynchronizeFloatStatus(GuestContext* context);

    /// <summary>FPCR was written: host control state is recomputed before guest code runs again.</summary>
    void FloatControlChanged(GuestContext* context);

    /// <summary>Gives memory back that it can have again: its vCPU has been idle for a while. On the vCPU's thread, between runs, when the fetch-side TLB is empty. Bytes that were present.</summary>
    /// <param name="context">The vCPU's.</param>
    /// <param name="code">What it needs to make code, too: code of the machine is about to be dropped.</param>
    long GiveBack(GuestContext* context, bool code) => 0;
}
