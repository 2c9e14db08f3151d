using Arm64Vm.Isa;

namespace Arm64Vm.Translation;

/// <summary>The architecture features whose instructions the translator accepts; all others are UNDEFINED.</summary>
internal readonly record struct FeatureSet(ulong Bits)
{
    /// <summary>Everything that has a lifter.</summary>
    public static FeatureSet All => new(ulong.MaxValue);

    /// <summary>
    /// Everything that is implemented in full: without the memory tagging extension, of which there is only the arithmetic, and without 8-bit
    /// floating point, of which there is one multiply-add and no FPMR.
    /// </summary>
    public static FeatureSet Default => All.Without(A64Feature.Mte).Without(A64Feature.Fp8Fma);

    public bool Has(A64Feature feature) => ((Bits >> (int)feature) & 1) != 0;

    public FeatureSet Without(A64Feature feature) => new(Bits & ~(1UL << (int)feature));
}
