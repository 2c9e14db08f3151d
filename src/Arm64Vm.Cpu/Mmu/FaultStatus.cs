namespace Arm64Vm.Cpu.Mmu;

/// <summary>Fault status codes of ESR_ELx.{D,I}FSC (Arm ARM D24.2.40); the level is added where there is one.</summary>
internal static class FaultStatus
{
    /// <summary>No fault. Not a code: zero is an address size fault at level 0.</summary>
    public const int None = -1;

    public const int AddressSize = 0b000000;
    public const int Translation = 0b000100;
    public const int AccessFlag = 0b001000;
    public const int Permission = 0b001100;
    public const int ExternalAbort = 0b010000;
    public const int ExternalAbortOnWalk = 0b010100;
    public const int Alignment = 0b100001;

    /// <summary>Exclusive or atomic access to memory that does not support it.</summary>
    public const int UnsupportedAtomic = 0b110101;
}
