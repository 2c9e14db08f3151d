using System.Diagnostics;
using System.Runtime.CompilerServices;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Il;
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

    /// <summary>The same for each processor, by index.</summary>
    public required IReadOnlyList<ProcessorStatistics> Processors { get; init; }

    /// <summary>Of the code translator; null with the interpreter.</summary>
    public required TranslationStatistics? Translation { get; init; }

    /// <summary>Guest instructions executed, counted by whole translation units; null where they are not counted.</summary>
    public required ulong? Instructions { get; init; }

    /// <summary>Stages of the boot since the last reset; empty without <see cref="MachineConfig.TracksPhases"/>.</summary>
    public required IReadOnlyList<BootPhase> Phases { get; init; }

    /// <summary>Times that the machine had been idle for a while and gave memory back to the host: translated code, and what finds it.</summary>
    public long IdleReleases { get; init; }

    /// <summary>Bytes of the host's memory that it gave back so.</summary>
    public long IdleBytesReleased { get; init; }

    /// <summary>Of a machine without a board.</summary>
    internal static MachineStatistics Nothing(bool isJit, TimeSpan elapsed, int resets) => new()
    {
        Instructions = null,
        Phases = [],
        Elapsed = elapsed,
        Resets = resets,
        Interrupts = 0,
        Exits = [],
        Processors = [],
        Translation = isJit ? new TranslationStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) : null,
    };

    internal static MachineStatistics Collect(VirtMachineBoard board, TimeSpan elapsed, int resets)
    {
        var totals = new ulong[board.Vcpu.ExitCounts.Length];
        var processors = new ProcessorStatistics[board.Vcpus.Count];
        for (var cpu = 0; cpu < processors.Length; cpu++)
        {
            var vcpu = board.Vcpus[cpu];
            for (var i = 0; i < totals.Length; i++)
                totals[i] += vcpu.ExitCounts[i];
            processors[cpu] = new ProcessorStatistics(cpu, vcpu.InterruptsTaken, Named(vcpu.ExitCounts)) { Power = vcpu.Power };
        }

        return new MachineStatistics
        {
            Instructions = board.CountedInstructions,
            Phases = board.Phases?.Report() ?? [],
            Elapsed = elapsed,
            Resets = resets,
            Interrupts = processors.Aggregate(0UL, (sum, one) => sum + one.Interrupts),
            Exits = Named(totals),
            Processors = processors,
            IdleReleases = board.IdleMemory.Times,
            IdleBytesReleased = board.IdleMemory.Bytes,
            Translation = TranslationStatistics.Collect(board.ProcessorExecutors),
        };
    }

    internal static List<(string Reason, ulong Count)> Named(ReadOnlySpan<ulong> counts)
    {
        var exits = new List<(string, ulong)>();
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0)
                exits.Add((((ExitReason)i).ToString(), counts[i]));
        }

        return exits;
    }
}

/// <summary>Counters of one processor.</summary>
/// <param name="Index">Which.</param>
/// <param name="Interrupts">Interrupts it took.</param>
/// <param name="Exits">Returns from guest code to its run loop, by reason; reasons that never occurred are left out.</param>
public sealed record ProcessorStatistics(int Index, ulong Interrupts, IReadOnlyList<(string Reason, ulong Count)> Exits)
{
    /// <summary>It is switched on; at first the first alone is.</summary>
    public bool IsOn => Power == ProcessorPower.On;

    internal ProcessorPower Power { get; init; }
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
/// <param name="IndirectMisses">Branches to code that the fetch-side TLB or the page's table did not know.</param>
/// <param name="MemoryExits">Memory accesses finished outside emitted code: TLB refills, devices, unaligned and faulting accesses.</param>
/// <param name="SystemExits">System registers and operations done outside emitted code.</param>
/// <param name="PureExits">Operations evaluated outside emitted code.</param>
/// <param name="Faults">Exceptions raised from within a unit.</param>
/// <param name="Fetches">Times the processor was asked what a page of code is.</param>
public sealed record TranslationStatistics(
    long Units, long GuestInstructions, long CodeBytes, long Links, long Invalidated, long Evicted, long Flushes,
    long Lookups, long IndirectMisses, long MemoryExits, long SystemExits, long PureExits, long Faults, long Fetches)
{
    /// <summary>Of the units, those taken from <see cref="MachineConfig.CodeCache"/> instead of being translated.</summary>
    public long LoadedUnits { get; init; }

    /// <summary>Their guest instructions.</summary>
    public long LoadedInstructions { get; init; }

    /// <summary>Their bytes of host code.</summary>
    public long LoadedBytes { get; init; }

    /// <summary>Host time spent making code, or taking it from disk, over all processors; zero without <see cref="MachineConfig.TracksPhases"/>, but for meters.</summary>
    public TimeSpan Time { get; init; }

    private static readonly TranslationStatistics s_none = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Of the il back end: units are compiled regions, bytes are those of their IL.</summary>
    private static TranslationStatistics Add(TranslationStatistics sum, IlCounters il) => sum with
    {
        Units = sum.Units + il.Compiled,
        GuestInstructions = sum.GuestInstructions + il.CompiledInstructions,
        CodeBytes = sum.CodeBytes + il.IlBytes,
        Links = sum.Links + il.Links,
        Invalidated = sum.Invalidated + il.Invalidated,
        Lookups = sum.Lookups + il.Entries,
        IndirectMisses = sum.IndirectMisses + il.IndirectMisses,
    };

    /// <summary>Sums over the processors' executors; null where they translate nothing.</summary>
    internal static TranslationStatistics? Collect(IReadOnlyList<IExecutor> executors)
    {
        var sum = s_none;
        TranslationCacheStatistics counted = new();
        HashSet<TranslationCache> caches = [];
        foreach (var executor in executors)
        {
            if (RuntimeFeature.IsDynamicCodeSupported && executor is IlExecutor il)
            {
                sum = Add(sum, il.Counters);
                continue;
            }

            if (executor is not JitExecutor jit)
                return null;
            var counters = jit.Counters;
            var cache = caches.Add(jit.Cache) ? jit.Cache.Statistics : counted;
            sum = new TranslationStatistics(
                sum.Units + cache.Units, sum.GuestInstructions + cache.GuestInstructions, sum.CodeBytes + cache.CodeBytes, sum.Links + cache.Links,
                sum.Invalidated + cache.Invalidated, sum.Evicted + cache.Evicted, sum.Flushes + cache.Flushes,
                sum.Lookups + counters.Lookups, sum.IndirectMisses + counters.IndirectMisses, sum.MemoryExits + counters.MemoryExits,
                sum.SystemExits + counters.SystemExits, sum.PureExits + counters.PureExits, sum.Faults + counters.Faults, sum.Fetches + counters.Fetches)
            {
                LoadedUnits = sum.LoadedUnits + counters.LoadedUnits,
                LoadedInstructions = sum.LoadedInstructions + counters.LoadedInstructions,
                LoadedBytes = sum.LoadedBytes + counters.LoadedBytes,
                Time = sum.Time + Stopwatch.GetElapsedTime(0, counters.TranslationTicks),
            };
        }

        return sum;
    }
}
