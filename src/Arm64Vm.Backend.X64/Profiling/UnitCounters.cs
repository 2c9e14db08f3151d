namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>What a unit counts where entries are counted: 64-bit counters, one behind the other, a cache line a unit.</summary>
internal static class UnitCounters
{
    public const int SizeInBytes = 64;

    /// <summary>Times it was entered from outside.</summary>
    public const int EntriesOffset = 0;

    /// <summary>Returns executed.</summary>
    public const int ReturnsOffset = 8;

    /// <summary>Of these, returns to another address than the return stack's, and those of a unit that changed the processor's mode.</summary>
    public const int ReturnMissesOffset = 16;

    /// <summary>Branches and calls to an address in a register.</summary>
    public const int BranchesOffset = 24;

    /// <summary>Jumps and calls to a fixed place on another page.</summary>
    public const int PageChangesOffset = 32;
}
