using Arm64Vm.Ir;
using Arm64Vm.Ir.Passes;
using Arm64Vm.Translation.Lifters;

namespace Arm64Vm.Translation;

/// <summary>Guest instructions to IR: one basic block per unit, optimized. Allocates nothing in steady state.</summary>
public sealed unsafe class Translator
{
    private const int PageSize = 4096;
    private readonly TranslatorOptions options;
    private readonly PassPipeline passes = new();
    private IrBuilder? builder;

    public Translator(TranslatorOptions options) => this.options = options;

    /// <summary>Translates from <paramref name="pageOffset"/> (0–4092, a multiple of 4) to the first branch, exit or other end of the block, at most to the end of the page.</summary>
    // SAFETY: location.Host points to the 4096 bytes of the page for the duration of the call; reads stay below PageSize.
    public void Translate(in CodeLocation location, int pageOffset, IrRegion region)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pageOffset & (PageSize - 4), pageOffset);
        if (builder?.Region != region)
            builder = new IrBuilder(region);
        region.Clear();
        int next = LiftBlock(location, pageOffset, location.Mode.SingleStep ? 1 : options.MaxGuestInstructions);
        region.GuestInstructions = (next - pageOffset) / 4;
        region.GuestEnd = next;
        region.DependOn(pageOffset, next);
        if (options.Verify)
            IrVerifier.Verify(region);
        if (!options.Optimize)
            return;

        ulong deadFlags = SuccessorFlags.DeadAtEnd(location, region);
        passes.Run(region, deadFlags);
        if (options.Verify)
            IrVerifier.Verify(region);
    }

    private int LiftBlock(in CodeLocation location, int offset, int limit)
    {
        IrBuilder b = builder!;
        b.BeginBlock(offset);
        for (int count = 1; ; count++)
        {
            b.BeginInstruction(offset);
            bool isStackProbe = StackProbe.Begins(new ReadOnlySpan<uint>(location.Host + offset, (PageSize - offset) / sizeof(uint)));
            if (isStackProbe)
                b.Region.DependOn(offset, offset + StackProbe.Bytes);
            var context = new LiftContext(b, location.Mode, offset, options.Features) { IsStackProbe = isStackProbe };
            Lifter.Lift(context, *(uint*)(location.Host + offset));
            offset += 4;
            if (b.IsTerminated)
                break;
            if (count >= limit || offset >= PageSize || b.Region.IsFull)
            {
                b.Jump(offset);
                break;
            }
        }

        b.EndBlock();
        return offset;
    }
}
