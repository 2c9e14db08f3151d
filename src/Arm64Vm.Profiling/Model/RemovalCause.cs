namespace Arm64Vm.Profiling;

/// <summary>Why translations are removed.</summary>
/// <remarks>
/// The x64 back end tracks stores to code and finds code by physical page, and has one tier: <see cref="CacheMaintenance"/>, <see cref="TlbMaintenance"/> and
/// <see cref="Promotion"/> remove nothing there. What IC IVAU and TLBI cost shows as exits of kind SystemOperation.
/// </remarks>
internal enum RemovalCause
{
    /// <summary>They live.</summary>
    None,

    /// <summary>A store of the guest changed their bytes.</summary>
    Write,

    /// <summary>A device changed their bytes, or the host did (a debugger).</summary>
    Dma,

    /// <summary>IC IVAU or IC IALLU.</summary>
    CacheMaintenance,

    /// <summary>Room was needed.</summary>
    Eviction,

    /// <summary>TLB maintenance.</summary>
    TlbMaintenance,

    /// <summary>Everything was dropped: a recording began, or the machine was reset.</summary>
    Flush,

    /// <summary>A better translation took their place.</summary>
    Promotion,

    /// <summary>Everything was dropped because constants of code had no room.</summary>
    ConstantsFull,

    /// <summary>Everything was dropped because tables of code pages had no room.</summary>
    TablesFull,
}
