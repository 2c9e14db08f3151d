namespace Arm64Vm.Ir;

/// <summary>The form of NZCV in the context and of flags values outside emitted code: N in bit 31, Z 30, C 29, V 28, zeros below, as in the SPSR.</summary>
internal static class GuestFlags
{
    public const uint N = 1u << 31;
    public const uint Z = 1u << 30;
    public const uint C = 1u << 29;
    public const uint V = 1u << 28;
    public const uint All = N | Z | C | V;

    /// <summary>The flags that bits 3:0 of an instruction's immediate stand for.</summary>
    public static uint FromImmediate(ulong nzcv) => (uint)nzcv << 28;

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
