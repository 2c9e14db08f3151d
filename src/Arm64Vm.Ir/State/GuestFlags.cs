namespace Arm64Vm.Ir;

/// <summary>The stored form of NZCV: bit 15 = N, 14 = Z, 8 = C, 0 = V.</summary>
/// <remarks>
/// The positions are those of AX after x86's LAHF and SETO AL, so that an x86 back end saves and restores them in two instructions;
/// the sense is Arm's (C set after a subtraction means no borrow). Bits 7:1 are zero; bits 13:9 and 31:16 are ignored when read.
/// </remarks>
internal static class GuestFlags
{
    public const uint N = 1u << 15;
    public const uint Z = 1u << 14;
    public const uint C = 1u << 8;
    public const uint V = 1u;

    /// <summary>From NZCV in bits 31:28, as in the SPSR.</summary>
    public static uint FromNzcv(uint nzcv) =>
        ((nzcv >> 31) & 1) << 15 | ((nzcv >> 30) & 1) << 14 | ((nzcv >> 29) & 1) << 8 | ((nzcv >> 28) & 1);

    /// <summary>To NZCV in bits 31:28.</summary>
    public static uint ToNzcv(uint flags) =>
        ((flags >> 15) & 1) << 31 | ((flags >> 14) & 1) << 30 | ((flags >> 8) & 1) << 29 | (flags & 1) << 28;

    /// <summary>ConditionHolds() of the Arm ARM (shared/functions/system).</summary>
    public static bool Holds(Condition condition, uint flags)
    {
        bool n = (flags & N) != 0, z = (flags & Z) != 0, c = (flags & C) != 0, v = (flags & V) != 0;
        bool result = ((int)condition >> 1) switch
        {
            0 => z,
            1 => c,
            2 => n,
            3 => v,
            4 => c && !z,
            5 => n == v,
            6 => n == v && !z,
            _ => true,
        };
        return ((int)condition & 1) != 0 && condition != Condition.NV ? !result : result;
    }
}
