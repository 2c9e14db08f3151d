using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Lifters;

/// <summary>What a lifter may know besides the instruction word.</summary>
internal readonly struct LiftContext
{
    public LiftContext(IrBuilder builder, TranslationMode mode, int guestOffset, FeatureSet features)
    {
        Builder = builder;
        Mode = mode;
        GuestOffset = guestOffset;
        Features = features;
    }

    public IrBuilder Builder { get; }

    public TranslationMode Mode { get; }

    /// <summary>Offset of this instruction from the region's page, in bytes; the next one is at +4.</summary>
    public int GuestOffset { get; }

    public FeatureSet Features { get; }

    /// <summary>This instruction begins a <see cref="StackProbe"/>.</summary>
    public bool IsStackProbe { get; init; }
}
