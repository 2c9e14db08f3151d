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
    private readonly List<int> sideExits = [];
    private IrBuilder? builder;
    private bool countsEvents;

    public Translator(TranslatorOptions options) => this.options = options;

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
        int next = LiftBlock(location, pageOffset, location.Mode.SingleStep ? 1 : options.MaxGuestInstructions);
        region.GuestInstructions = (next - pageOffset) / 4;
        region.GuestEnd = next;
        region.DependOn(pageOffset, next);
        foreach (int exit in sideExits)
            FinishSideExit(location, region, ref region[exit]);
        if (options.Verify)
            IrVerifier.Verify(region);
        if (!options.Optimize)
            return;

        ulong deadFlags = options.KeepsFlags ? 0 : SuccessorFlags.DeadAtEnd(location, region);
        passes.Run(region, deadFlags, options.FloatsLeave);
        if (options.Verify)
            IrVerifier.Verify(region);
    }

    /// <summary>A debugger stops before the instruction at an offset of a page: nothing leads there but a fetch.</summary>
    internal bool IsStop(TranslationMode mode, int pageOffset) =>
        mode.StopSet != 0 && pageOffset < PageSize && options.Stops is { } stops && stops.IsStop(mode, pageOffset);

    /// <summary>A branch forward becomes a side exit, where there may be one more.</summary>
    private bool TryGoOn(IrBuilder b)
    {
        if (countsEvents || sideExits.Count >= options.MaxSideExits || !b.TryContinueBehindBranch())
            return false;
        sideExits.Add(b.Region.Count - 1);
        return true;
    }

    private void FinishSideExit(in CodeLocation location, IrRegion region, ref IrInst exit)
    {
        int target = new SideExit(exit.Imm).Target;
        int rest = (region.GuestEnd - exit.Pc - 4) / 4;
        exit.Imm = SideExit.Make(target, rest, !options.KeepsFlags && SuccessorFlags.AreDead(location, region, target));
    }

    /// <summary>MRS and MSR. Where code counts, a unit ends with one: what it reads or stops has counted all before it and nothing behind.</summary>
    private static bool IsSystemRegisterAccess(uint word) => (word & 0xFFD0_0000) == 0xD510_0000;

    private int LiftBlock(in CodeLocation location, int offset, int limit)
    {
        IrBuilder b = builder!;
        bool isCounted = countsEvents || location.Mode.CountsInstructions;
        b.BeginBlock(offset);
        var tally = new EventTally(b, countsEvents);
        for (int count = 1; ; count++)
        {
            b.BeginInstruction(offset);
            bool isStackProbe = StackProbe.Begins(new ReadOnlySpan<uint>(location.Host + offset, (PageSize - offset) / sizeof(uint)));
            if (isStackProbe)
                b.Region.DependOn(offset, offset + StackProbe.Bytes);
            var context = new LiftContext(b, location.Mode, offset, options.Features) { IsStackProbe = isStackProbe };
            uint word = *(uint*)(location.Host + offset);
            Lifter.Lift(context, word);
            tally.Note(word);
            offset += 4;
            bool isLast = count >= limit || offset >= PageSize || b.Region.IsFull || IsStop(location.Mode, offset);
            if (b.IsTerminated && (isLast || !TryGoOn(b)))
                break;
            if (isLast || (isCounted && IsSystemRegisterAccess(word)))
            {
                b.Jump(offset);
                break;
            }
        }

        tally.Finish(*(uint*)(location.Host + offset - 4));
        b.EndBlock();
        return offset;
    }
}
