using System.Runtime.InteropServices;

namespace Arm64Vm.Ir;

/// <summary>How emitted code gets the system counter from the host's timestamp.</summary>
/// <remarks>
/// <code>
/// nanoseconds = Nanoseconds + ((timestamp − Timestamp) * Multiplier >> 64)
/// count       = nanoseconds * Scale >> 32
/// </code>
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct CounterRelation
{
    public const int AccessOffset = 0;
    public const int TimestampOffset = 8;
    public const int MultiplierOffset = 16;
    public const int NanosecondsOffset = 24;
    public const int ScaleOffset = 32;

    /// <summary>Who may read what without leaving: bits are <see cref="CounterAccess"/>.</summary>
    public CounterAccess Access;

    /// <summary>A timestamp in the past.</summary>
    public ulong Timestamp;

    /// <summary>Nanoseconds per count of the timestamp, times 2^64.</summary>
    public ulong Multiplier;

    /// <summary>The machine's time at <see cref="Timestamp"/>.</summary>
    public ulong Nanoseconds;

    /// <summary>Counts per nanosecond, times 2^32.</summary>
    public ulong Scale;
}

/// <summary>Reads of the system counter that need nobody's permission at the moment.</summary>
[Flags]
internal enum CounterAccess
{
    None = 0,

    /// <summary>CNTPCT_EL0 at EL0.</summary>
    UserPhysical = 1,

    /// <summary>CNTVCT_EL0 at EL0.</summary>
    UserVirtual = 2,

    /// <summary>Either at EL1.</summary>
    Kernel = 4,

    /// <summary>The same three for CNTPCTSS_EL0 and CNTVCTSS_EL0, which not every processor has.</summary>
    SynchronizedUserPhysical = UserPhysical << 3,
    SynchronizedUserVirtual = UserVirtual << 3,
    SynchronizedKernel = Kernel << 3,
}
