namespace Arm64Vm.Cpu.Registers;

/// <summary>SCTLR_EL1 (Arm ARM D24.2.165).</summary>
internal static class SctlrBits
{
    public const ulong Mmu = 1UL << 0;
    public const ulong AlignmentCheck = 1UL << 1;
    public const ulong StackAlignment = 1UL << 3;
    public const ulong UserStackAlignment = 1UL << 4;
    public const ulong UserMaskAccess = 1UL << 9;
    public const ulong EnableKeyDB = 1UL << 13;
    public const ulong UserZero = 1UL << 14;
    public const ulong UserCacheType = 1UL << 15;
    public const ulong UserWaitForInterrupt = 1UL << 16;
    public const ulong UserWaitForEvent = 1UL << 18;
    public const ulong TrapContextNumber = 1UL << 20;
    public const ulong WriteExecuteNever = 1UL << 19;
    public const ulong SetPrivilegedNeverOff = 1UL << 23;
    public const ulong UserCacheMaintenance = 1UL << 26;
    public const ulong EnableKeyDA = 1UL << 27;
    public const ulong EnableKeyIB = 1UL << 30;
    public const ulong EnableKeyIA = 1UL << 31;
    public const ulong EnableKeys = EnableKeyIA | EnableKeyIB | EnableKeyDA | EnableKeyDB;

    /// <summary>MSCEn: memory copy and set instructions at EL0.</summary>
    public const ulong UserMemoryOperations = 1UL << 33;

    /// <summary>BT0, BT1: PACIASP and PACIBSP are no targets of BR.</summary>
    public const ulong UserStrictTargets = 1UL << 35;
    public const ulong StrictTargets = 1UL << 36;
    public const ulong DefaultSsbs = 1UL << 44;
    public const ulong EnhancedPan = 1UL << 57;
    public const ulong TrapImplementationDefined = 1UL << 63;

    /// <summary>Bits that are one without the features that would make them writable: LSMAOE, nTLSMD, TSCXT, EIS, SPAN's reset, EOS.</summary>
    public const ulong Reset = 0x30D0_0800;

    /// <summary>Big-endian data (E0E, EE) is not implemented; everything else is kept as written.</summary>
    public const ulong Writable = ~((1UL << 24) | (1UL << 25));
}
