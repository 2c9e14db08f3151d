namespace Arm64Vm.Translation.Profiling;

/// <summary>A unit that was made while a recording was on.</summary>
internal sealed class ProfiledBlock
{
    public required ulong VirtualAddress { get; init; }

    public required ulong PhysicalAddress { get; init; }

    public required TranslationMode Mode { get; init; }

    /// <summary>The address space it ran in first (<see cref="AddressSpace"/>); 0 for the upper half.</summary>
    public required ulong Space { get; init; }

    public required int CodeOffset { get; init; }

    public required int HotSize { get; init; }

    public required int GuestInstructions { get; init; }

    public required int IrInstructions { get; init; }

    public required byte[] GuestCode { get; init; }

    public required byte[] HostCode { get; init; }

    /// <summary>Host offsets, and offsets in the unit's guest code.</summary>
    public required (int Host, int Guest)[] Map { get; init; }

    /// <summary>Address of its counters (<see cref="Backend.X64.Profiling.UnitCounters"/>); 0: it has none.</summary>
    public required long Counter { get; init; }

    /// <summary>Values stored to spill slots, and NZCV stored to memory, in its host code before slow paths.</summary>
    public required int Spills { get; init; }

    public required int FlagStores { get; init; }

    /// <summary>Operations of its IR that access memory.</summary>
    public required int Accesses { get; init; }

    public required int Processor { get; init; }

    /// <summary>Ticks of the host's monotonic clock.</summary>
    public required long MadeAt { get; init; }

    public required long MakingTime { get; init; }

    /// <summary>0: it lives.</summary>
    public long RemovedAt { get; set; }

    public CacheLoss Loss { get; set; }

    /// <summary>Samples by host offset.</summary>
    public Dictionary<int, long>? Samples { get; set; }
}

/// <summary>Why the cache lost units.</summary>
internal enum CacheLoss
{
    None,

    /// <summary>A store of the guest.</summary>
    Write,

    /// <summary>A store of a device.</summary>
    Dma,

    /// <summary>Room was needed.</summary>
    Eviction,

    /// <summary>Everything went: a recording began, or a machine was reset.</summary>
    Flush,

    /// <summary>Everything went: constants or operations that code refers to had no room.</summary>
    ConstantsFull,

    /// <summary>Everything went: tables of code pages had no room, and too few were empty.</summary>
    TablesFull,
}
