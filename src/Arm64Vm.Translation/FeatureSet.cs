using Arm64Vm.Isa;

namespace Arm64Vm.Translation;

/// <summary>The architecture features whose instructions the translator accepts; all others are UNDEFINED.</summary>
public readonly record struct FeatureSet(ulong Bits)
{
    /// <summary>Everything that has a lifter.</summary>
    public static FeatureSet All => new(ulong.MaxValue);

    /// <summary>Everything that has a lifter, without the memory tagging extension, of which only the arithmetic is implemented.</summary>
    public static FeatureSet Default => All.Without(A64Feature.Mte);

    public bool Has(A64Feature feature) => ((Bits >> (int)feature) & 1) != 0;

    public FeatureSet Without(A64Feature feature) => new(Bits & ~(1UL << (int)feature));
}
