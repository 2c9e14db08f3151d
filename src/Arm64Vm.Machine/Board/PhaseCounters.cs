using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Board;

/// <summary>A machine's counters at one moment, for the difference between two.</summary>
internal sealed record PhaseCounters(TimeSpan Time, ulong? Instructions, long Units, long Translated, ulong[] Exits)
{
    private static readonly string[] s_inside = ["Memory", "System", "Operation", "Lookup", "IndirectBranch", "Link"];

    public static PhaseCounters Zero => new(TimeSpan.Zero, null, 0, 0, []);

    /// <summary>Reads them; from any thread, then those of some moment each.</summary>
    public static PhaseCounters Read(VirtMachineBoard board, TimeSpan time)
    {
        var reasons = board.Vcpu.ExitCounts.Length;
        var exits = new ulong[reasons + s_inside.Length];
        foreach (var vcpu in board.Vcpus)
        {
            for (var i = 0; i < reasons; i++)
                exits[i] += vcpu.ExitCounts[i];
        }

        if (TranslationStatistics.Collect(board.ProcessorExecutors) is not { } all)
            return new PhaseCounters(time, null, 0, 0, exits);
        var links = board.ProcessorExecutors.OfType<JitExecutor>().Sum(jit => jit.Counters.Links);
        ReadOnlySpan<long> more = [all.MemoryExits, all.SystemExits, all.PureExits, all.Lookups, all.IndirectMisses, links];
        for (var i = 0; i < more.Length; i++)
            exits[reasons + i] = (ulong)more[i];
        return new PhaseCounters(time, board.CountedInstructions, all.Units, all.GuestInstructions, exits);
    }

    /// <summary>What happened between an earlier moment and this.</summary>
    public BootPhase Since(PhaseCounters start, string name)
    {
        var exits = new List<(string, ulong)>();
        var reasons = Exits.Length - s_inside.Length;
        for (var i = 0; i < Exits.Length; i++)
        {
            var count = Exits[i] - (i < start.Exits.Length ? start.Exits[i] : 0);
            if (count != 0)
                exits.Add((i < reasons ? ((ExitReason)i).ToString() : s_inside[i - reasons], count));
        }

        return new BootPhase(name, start.Time, Time - start.Time, Instructions - (start.Instructions ?? 0), Units - start.Units, Translated - start.Translated, exits);
    }
}
