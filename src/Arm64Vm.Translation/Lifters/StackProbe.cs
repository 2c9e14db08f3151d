namespace Arm64Vm.Translation.Lifters;

/// <summary>The stack-overflow test of Linux's exception entry, which makes SP a sum for a moment because it has no register to spare.</summary>
/// <remarks>
/// <code>
/// add  sp, sp, x0        SP misaligned wherever x0 is
/// sub  x0, sp, x0        x0 := old SP
/// tbnz x0, #n, overflow
/// sub  x0, sp, x0        x0 := old x0
/// sub  sp, sp, x0        SP as it was
/// </code>
/// Nothing between the first and the last accesses memory, and the last looks at SP by itself: the first need not. Every system call comes
/// through here. The overflow path of Linux sets SP anew before it uses it.
/// </remarks>
internal static class StackProbe
{
    /// <summary>Bytes of the sequence.</summary>
    public const int Bytes = 5 * sizeof(uint);

    private const uint AddSpSpX = 0x8B20_63FF;
    private const uint SubXSpX = 0xCB20_63E0;
    private const uint SubSpSpX = 0xCB20_63FF;
    private const uint TestBranch = 0x3700_0000;
    private const uint TestBranchMask = 0x7F00_001F;

    /// <summary>The sequence stands at the start of <paramref name="code"/>.</summary>
    public static bool Begins(ReadOnlySpan<uint> code)
    {
        if ((code[0] & ~(31u << 16)) != AddSpSpX || code.Length < 5)
            return false;
        uint x = (code[0] >> 16) & 31;
        return x != 31
            && code[1] == (SubXSpX | (x << 16) | x)
            && (code[2] & TestBranchMask) == (TestBranch | x)
            && code[3] == code[1]
            && code[4] == (SubSpSpX | (x << 16));
    }
}
