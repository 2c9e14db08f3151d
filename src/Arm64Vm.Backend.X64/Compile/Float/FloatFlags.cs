namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Constants that turn the flags of UCOMIS into Arm's, see X64Compiler.NormalizeFloatFlags. Found by search.</summary>
internal static class FloatFlags
{
    /// <summary>For UCOMIS A, B.</summary>
    public const int DirectMultiplier = 0xAB4482;

    /// <summary>For UCOMIS B, A.</summary>
    public const int SwappedMultiplier = 0x140001;

    /// <summary>LAHF's image of "equal".</summary>
    private const int Equal = 0x4200;

    public static int Addend(int multiplier) => unchecked(-(Equal * multiplier));
}
