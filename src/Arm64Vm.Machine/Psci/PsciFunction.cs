namespace Arm64Vm.Machine.Psci;

/// <summary>Function identifiers, in their SMC32 form (DEN 0022, 5.2.1).</summary>
internal enum PsciFunction : uint
{
    Version = 0x8400_0000,
    CpuSuspend = 0x8400_0001,
    CpuOff = 0x8400_0002,
    CpuOn = 0x8400_0003,
    AffinityInfo = 0x8400_0004,
    MigrateInfoType = 0x8400_0006,
    SystemOff = 0x8400_0008,
    SystemReset = 0x8400_0009,
    Features = 0x8400_000A,
}
