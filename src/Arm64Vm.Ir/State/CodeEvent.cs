namespace Arm64Vm.Ir;

/// <summary>What code counts beside its instructions, where somebody wants it: places in <see cref="GuestContext.Events"/>.</summary>
internal enum CodeEvent
{
    /// <summary>Branches, taken or not.</summary>
    Branches,

    /// <summary>Branches with an immediate, taken or not.</summary>
    ImmediateBranches,

    /// <summary>RET and its forms.</summary>
    Returns,

    /// <summary>Branches that were taken.</summary>
    TakenBranches,

    /// <summary>Instructions that load.</summary>
    Loads,

    /// <summary>Instructions that store.</summary>
    Stores,

    Count,
}
