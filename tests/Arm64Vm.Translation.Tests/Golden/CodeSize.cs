namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>Host code of a unit: what runs when all goes well, and what stands behind it.</summary>
internal readonly record struct CodeSize(int HotInstructions, int HotBytes, int ColdInstructions, int ColdBytes)
{
    public static CodeSize operator +(CodeSize a, CodeSize b) => new(
        a.HotInstructions + b.HotInstructions, a.HotBytes + b.HotBytes, a.ColdInstructions + b.ColdInstructions, a.ColdBytes + b.ColdBytes);
}
