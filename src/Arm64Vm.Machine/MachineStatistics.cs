using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine;

/// <summary>Counters of a machine since its last reset.</summary>
public sealed record MachineStatistics
{
    /// <summary>Host time since the machine was switched on.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Times the machine was reset.</summary>
    public required int Resets { get; init; }

    /// <summary>Interrupts taken by the guest.</summary>
    public required ulong Interrupts { get; init; }

    /// <summary>Returns from guest code to the run loop, by reason; reasons that never occurred are left out.</summary>
    public required IReadOnlyList<(string Reason, ulong Count)> Exits { get; init; }

    /// <summary>Of the code translator; null with the interpreter.</summary>
    public required TranslationStatistics? Translation { get; init; }

    /// <summary>Guest instructions executed, counted by whole translation units; null where they are not counted.</summary>
    public required ulong? Instructions { get; init; }

    /// <summary>Stages of the boot since the last reset; empty without <see cref="MachineConfig.TracksPhases"/>.</summary>
    public required IReadOnlyList<BootPhase> Phases { get; init; }

    /// <summary>Of a machine without a board.</summary>
    internal static MachineStatistics Nothing(bool isJit, TimeSpan elapsed, int resets) => new()
    {
        Instructions = null,
        Phases = [],
        Elapsed = elapsed,
        Resets = resets,
        Interrupts = 0,
        Exits = [],
        Translation = isJit ? new TranslationStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) : null,
    };

    internal static unsafe MachineStatistics Collect(VirtMachineBoard board, TimeSpan elapsed, int resets)
    {
        var counts = board.Vcpu.ExitCounts;
        var exits = new List<(string, ulong)>();
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0)
                exits.Add((((ExitReason)i).ToString(), counts[i]));
        }

        // SAFETY: the context lives as long as the board, which the caller keeps.
        return new MachineStatistics
        {
            Instructions = board.Executor is JitExecutor { CountsInstructions: true } ? board.Vcpu.Context->Instructions : null,
            Phases = board.Phases?.Report() ?? [],
            Elapsed = elapsed,
            Resets = resets,
            Interrupts = board.Vcpu.InterruptsTaken,
            Exits = exits,
            Translation = board.Executor is JitExecutor jit ? TranslationStatistics.Collect(jit) : null,
        };
    }
}

/// <summary>Counters of the code translator.</summary>
/// <param name="Units">Translation units made.</param>
/// <param name="GuestInstructions">Guest instructions translated.</param>
/// <param name="CodeBytes">Bytes of host code emitted.</param>
/// <param name="Links">Direct jumps between units linked.</param>
/// <param name="Invalidated">Units dropped because their guest code changed.</param>
/// <param name="Evicted">Units dropped for room.</param>
/// <param name="Flushes">Times everything was dropped.</param>
/// <param name="Lookups">Returns to find the unit for a PC.</param>
/// <param name="IndirectMisses">Indirect branches that the jump cache did not know.</param>
/// <param name="MemoryExits">Memory accesses finished outside emitted code: TLB refills, devices, unaligned and faulting accesses.</param>
/// <param name="SystemExits">System registers and operations done outside emitted code.</param>
/// <param name="PureExits">Operations evaluated outside emitted code.</param>
/// <param name="Faults">Exceptions raised from within a unit.</param>
public sealed record TranslationStatistics(
    long Units, long GuestInstructions, long CodeBytes, long Links, long Invalidated, long Evicted, long Flushes,
    long Lookups, long IndirectMisses, long MemoryExits, long SystemExits, long PureExits, long Faults)
{
    internal static TranslationStatistics Collect(JitExecutor jit)
    {
        var (cache, counters) = (jit.Cache.Statistics, jit.Counters);
        return new TranslationStatistics(
            cache.Units, cache.GuestInstructions, cache.CodeBytes, cache.Links, cache.Invalidated, cache.Evicted, cache.Flushes,
            counters.Lookups, counters.IndirectMisses, counters.MemoryExits, counters.SystemExits, counters.PureExits, counters.Faults);
    }
}
