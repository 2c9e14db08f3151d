using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Board;

/// <summary>A machine's counters at one moment, for the difference between two.</summary>
internal sealed record PhaseCounters(TimeSpan Time, ulong? Instructions, long Units, long Translated, ulong[] Exits)
{
    private static readonly string[] s_inside = ["Memory", "System", "Operation", "Lookup", "IndirectBranch", "Link"];

    public static PhaseCounters Zero => new(TimeSpan.Zero, null, 0, 0, []);

    /// <summary>Reads them; from any thread, then those of some moment each.</summary>
    public static unsafe PhaseCounters Read(VirtMachineBoard board, TimeSpan time)
    {
        // SAFETY: the context lives as long as the board, which the caller keeps.
        var counts = board.Vcpu.ExitCounts;
        var exits = new ulong[counts.Length + s_inside.Length];
        counts.CopyTo(exits);
        if (board.Executor is not JitExecutor jit)
            return new PhaseCounters(time, null, 0, 0, exits);
        var (cache, inside) = (jit.Cache.Statistics, jit.Counters);
        ReadOnlySpan<long> more = [inside.MemoryExits, inside.SystemExits, inside.PureExits, inside.Lookups, inside.IndirectMisses, inside.Links];
        for (var i = 0; i < more.Length; i++)
            exits[counts.Length + i] = (ulong)more[i];
        return new PhaseCounters(time, jit.CountsInstructions ? board.Vcpu.Context->Instructions : null, cache.Units, cache.GuestInstructions, exits);
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
