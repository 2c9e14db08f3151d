using Arm64Vm.Ir;
using Arm64Vm.Translation.Lifters;

namespace Arm64Vm.Translation.Tests.Lifters;

/// <summary>Lifts one word into a block of its own.</summary>
internal sealed class LifterHarness
{
    private readonly IrBuilder builder;

    public LifterHarness() => builder = new IrBuilder(Region);

    public IrRegion Region { get; } = new();

    public static TranslationMode Mode(int exceptionLevel, bool floatTrapped = false) =>
        TranslationMode.Create(exceptionLevel, exceptionLevel, alignmentChecked: false, floatTrapped, singleStep: false, fpcr: 0, pointerAuthentication: true);

    /// <summary>The region has a terminator afterwards: that of the instruction, or a jump to the next one.</summary>
    public IrRegion Lift(uint word, TranslationMode mode, FeatureSet features)
    {
        Region.Clear();
        builder.BeginBlock(0x100);
        builder.BeginInstruction(0x100);
        Lifter.Lift(new LiftContext(builder, mode, 0x100, features), word);
        if (!builder.IsTerminated)
            builder.Jump(0x104);
        builder.EndBlock();
        return Region;
    }

    /// <summary>The exit that the word ends with; null where it runs on or branches.</summary>
    public ExitReason? ExitOf(uint word, TranslationMode mode, FeatureSet features)
    {
        IrInst last = Lift(word, mode, features).Instructions[^1];
        return last.Op is IrOp.Exit or IrOp.ExitAfter ? (ExitReason)last.Aux : null;
    }
}
