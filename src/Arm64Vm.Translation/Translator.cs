using Arm64Vm.Ir;
using Arm64Vm.Ir.Passes;
using Arm64Vm.Translation.Lifters;

namespace Arm64Vm.Translation;

/// <summary>Guest instructions to IR: one run of instructions per unit, entered at its start and left at side exits and its end, optimized. Allocates nothing in steady state.</summary>
internal sealed unsafe class Translator
{
    private const int PageSize = 4096;
    private readonly TranslatorOptions options;
    private readonly PassPipeline passes = new();
    private readonly List<(int Index, int Instructions)> sideExits = [];
    private IrBuilder? builder;
    private bool countsEvents;

    public Translator(TranslatorOptions options) => this.options = options;

    /// <summary>Short loops have several rounds in their unit (<see cref="TranslatorOptions.MaxRounds"/>). Off where every entry of a unit is to be one round.</summary>
    public bool UnrollsLoops { get; set; } = true;

    /// <summary>Slow paths of plain accesses store NZCV where that is out of date there: set by executors that know operand D of these.</summary>
    public bool AccessesStoreFlags { get; set; }

    /// <summary>Translates from <paramref name="pageOffset"/> (0–4092, a multiple of 4) to the first unconditional or backward branch, exit or other end, at most to the end of the page.</summary>
    // SAFETY: location.Host points to the 4096 bytes of the page for the duration of the call; reads stay below PageSize.
    public void Translate(in CodeLocation location, int pageOffset, IrRegion region)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pageOffset & (PageSize - 4), pageOffset);
        if (builder?.Region != region)
            builder = new IrBuilder(region);
        region.Clear();
        sideExits.Clear();
        countsEvents = location.Mode.CountsEvents;
        LiftBlock(location, pageOffset, location.Mode.SingleStep ? 1 : options.MaxGuestInstructions, region);
        region.DependOn(pageOffset, region.GuestEnd);
        foreach ((int index, int instructions) in sideExits)
            FinishSideExit(location, region, ref region[index], region.GuestInstructions - instructions);
        if (options.Verify)
            IrVerifier.Verify(region);
        if (!options.Optimize)
            return;

        ulong deadFlags = options.KeepsFlags ? 0 : SuccessorFlags.DeadAtEnd(location, region, AccessesStoreFlags);
        passes.Run(region, deadFlags, options.FloatsLeave, AccessesStoreFlags);
        if (options.Verify)
            IrVerifier.Verify(region);
    }

    /// <summary>A debugger stops before the instruction at an offset of a page: nothing leads there but a fetch.</summary>
    internal bool IsStop(TranslationMode mode, int pageOffset) =>
        mode.StopSet != 0 && pageOffset < PageSize && options.Stops is { } stops && stops.IsStop(mode, pageOffset);

    /// <summary>A branch forward becomes a side exit, where there may be one more.</summary>
    /// <param name="b">Has the branch last.</param>
    /// <param name="instructions">Guest instructions so far.</param>
    /// <param name="others">Side exits that do not count: those of earlier rounds.</param>
    private bool TryGoOn(IrBuilder b, int instructions, int others)
    {
        if (countsEvents || sideExits.Count - others >= options.MaxSideExits || !b.TryContinueBehindBranch())
            return false;
        sideExits.Add((b.Region.Count - 1, instructions));
        return true;
    }

    /// <summary>Another round of the loop that the unit is so far, where it is short and has a way out.</summary>
    /// <remarks>The last round ends in the branch as it is, which looks for requests: a unit is never more than <see cref="TranslatorOptions.MaxGuestInstructions"/> long.</remarks>
    private bool TryGoRound(in CodeLocation location, int start, int instructions, int rounds, bool hasExit)
    {
        bool fits = rounds < options.MaxRounds && instructions / rounds * (rounds + 1) <= options.MaxGuestInstructions;
        if (!fits || !UnrollsLoops || countsEvents || IsStop(location.Mode, start) || IsRetry() || !builder!.TryGoRound(start, hasExit, out bool exits))
            return false;
        if (exits)
            sideExits.Add((builder.Region.Count - 1, instructions));
        return true;
    }

    /// <summary>Loops with atomic accesses try again what seldom fails.</summary>
    private bool IsRetry()
    {
        foreach (ref readonly IrInst inst in builder!.Region.Instructions)
        {
            if (inst.Op is IrOp.LoadExclusive or IrOp.StoreExclusive or IrOp.CompareSwap or IrOp.AtomicRmw)
                return true;
        }

        return false;
    }

    /// <summary>Where the unit so far is a loop that only waits for another processor's store to what it loads exclusively, as for a lock: lets the run loop start the next round, after it has let that processor run.</summary>
    /// <remarks>The loop's first round is mostly a part of the unit before it, and a lock that is free costs nothing.</remarks>
    private bool TryLeaveSpin(int start, int instructions)
    {
        if (countsEvents || !IsSpin() || !builder!.TryGoRound(start, hasExit: sideExits.Count > 0, out bool exits))
            return false;
        if (exits)
            sideExits.Add((builder.Region.Count - 1, instructions));
        builder.BeginInstruction(start);
        builder.Exit(ExitReason.Yield, payload: 1);
        return true;
    }

    /// <summary>It loads exclusively and stores nothing: nothing that it does itself ends it.</summary>
    private bool IsSpin()
    {
        bool loadsExclusively = false;
        foreach (ref readonly IrInst inst in builder!.Region.Instructions)
        {
            if (inst.Op == IrOp.LoadExclusive)
                loadsExclusively = true;
            else if (inst.Op is IrOp.Store or IrOp.StorePair or IrOp.StoreExclusive or IrOp.AtomicRmw or IrOp.CompareSwap or IrOp.ZeroBlock || IrOps.IsSystem(inst.Op))
                return false;
        }

        return loadsExclusively;
    }

    private void FinishSideExit(in CodeLocation location, IrRegion region, ref IrInst exit, int rest)
    {
        int target = new SideExit(exit.Imm).Target;
        exit.Imm = SideExit.Make(target, rest, !options.KeepsFlags && SuccessorFlags.AreDead(location, region, target));
    }

    /// <summary>MRS and MSR. Where code counts, a unit ends with one: what it reads or stops has counted all before it and nothing behind.</summary>
    private static bool IsSystemRegisterAccess(uint word) => (word & 0xFFD0_0000) == 0xD510_0000;

    private void LiftBlock(in CodeLocation location, int start, int limit, IrRegion region)
    {
        IrBuilder b = builder!;
        int offset = start, end = start, rounds = 1, earlierExits = 0;
        bool isCounted = countsEvents || location.Mode.CountsInstructions;
        b.BeginBlock(offset);
        var tally = new EventTally(b, countsEvents);
        for (int count = 1; ; count++)
        {
            region.Reserve();
            b.BeginInstruction(offset);
            bool isStackProbe = StackProbe.Begins(new ReadOnlySpan<uint>(location.Host + offset, (PageSize - offset) / sizeof(uint)));
            if (isStackProbe)
                b.Region.DependOn(offset, offset + StackProbe.Bytes);
            var context = new LiftContext(b, location.Mode, offset, options.Features) { IsStackProbe = isStackProbe };
            uint word = *(uint*)(location.Host + offset);
            Lifter.Lift(context, word);
            tally.Note(word);
            offset += 4;
            end = Math.Max(end, offset);
            region.GuestInstructions = count;
            region.GuestEnd = end;
            bool isLast = count >= limit || offset >= PageSize || region.IsFull || IsStop(location.Mode, offset);
            if (b.IsTerminated && (isLast || !TryGoOn(b, count, earlierExits)))
            {
                if (isLast || TryLeaveSpin(start, count) || !TryGoRound(location, start, count, rounds, hasExit: sideExits.Count > earlierExits))
                    break;
                rounds++;
                earlierExits = sideExits.Count;
                offset = start;
                continue;
            }

            if (isLast || (isCounted && IsSystemRegisterAccess(word)))
            {
                b.Jump(offset);
                break;
            }
        }

        tally.Finish(*(uint*)(location.Host + offset - 4));
        b.EndBlock();
    }
}
