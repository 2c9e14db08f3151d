namespace Arm64Vm.Machine.Lockstep;

/// <summary>How a lockstep run ended.</summary>
internal enum LockstepEnd
{
    /// <summary>The guest ended, the same way on both.</summary>
    GuestEnded,

    /// <summary>The limit of units was reached without a difference.</summary>
    Limit,

    /// <summary>It was cancelled.</summary>
    Stopped,

    /// <summary>The two machines differ.</summary>
    Difference,

    /// <summary>Both wait for an interrupt that will never come.</summary>
    WaitsForever,
}

/// <summary>One thing that differs.</summary>
/// <param name="Name">A register, a byte of memory, or another thing by its name.</param>
/// <param name="Interpreter">What the interpreter has.</param>
/// <param name="Jit">What the emitted code has.</param>
internal sealed record LockstepDifference(string Name, string Interpreter, string Jit);

/// <summary>The translation unit after which the machines differ.</summary>
/// <param name="Pc">Virtual address of its first instruction.</param>
/// <param name="PhysicalAddress">Physical address of its first instruction.</param>
/// <param name="Words">Its guest instructions.</param>
/// <param name="Ir">Its IR before optimization.</param>
/// <param name="OptimizedIr">Its IR as compiled.</param>
/// <param name="HostCode">The emitted bytes.</param>
/// <param name="HostAddress">Where they are.</param>
internal sealed record LockstepUnit(
    ulong Pc, ulong PhysicalAddress, IReadOnlyList<uint> Words, string Ir, string OptimizedIr, byte[] HostCode, ulong HostAddress);

/// <summary>The outcome of a lockstep run.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Units">Units executed on each machine.</param>
/// <param name="Differences">What differs, when it does.</param>
/// <param name="Unit">Where, when it is known.</param>
internal sealed record LockstepResult(LockstepEnd End, long Units, IReadOnlyList<LockstepDifference> Differences, LockstepUnit? Unit);
