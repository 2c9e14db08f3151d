namespace Arm64Vm.Scheduling;

/// <summary>Gives the groups credit, period by period: the workers' time, divided by weight among the groups that want to run.</summary>
/// <remarks>
/// Weighted max-min fairness: no group is entitled to more than it can use (its runnable entities, its cap), and what one leaves is divided among the others.
/// A group with credit goes before one without; without contention credit decides nothing. What a group ran too much stays as
/// debt and what it ran too little as credit, within bounds, so shares are exact over time whatever the quantum.
///
/// The first worker that finds the period over does it; the others go on. The token is the time of the next period, swapped for
/// <see cref="Busy"/>: the swap and the final store order one accountant's plain fields before the next one's. Credit itself
/// is interlocked, as runs are charged meanwhile. Wait-free: nobody waits for the token.
/// </remarks>
internal sealed class Accountant(ulong period, ulong quantum)
{
    private const ulong Busy = ulong.MaxValue;

    /// <summary>After a longer time without contention only this much is given.</summary>
    private const ulong LongestPeriods = 4;

    private ulong _next;
    private ulong _last;
    private int _rounds;

    /// <summary>Changes whenever credit was given: entities that wait without credit may have some now.</summary>
    public int Rounds => Volatile.Read(ref _rounds);

    /// <summary>Gives credit if it is time to.</summary>
    public void Run(ScheduleGroup[] groups, int workers, ulong now)
    {
        var next = Volatile.Read(ref _next);
        if (now < next || next == Busy || Interlocked.CompareExchange(ref _next, Busy, next) != next)
            return;
        var elapsed = Math.Min(now - Math.Min(now, _last), LongestPeriods * period);
        _last = now;
        Entitle(groups, workers);
        foreach (var group in groups)
            Give(group, elapsed);
        Volatile.Write(ref _rounds, _rounds + 1);
        Volatile.Write(ref _next, now + period);
    }

    /// <summary>Divides the workers among the groups: those that can use less than their share get what they can use, the rest is divided again.</summary>
    internal static void Entitle(ReadOnlySpan<ScheduleGroup> groups, int workers)
    {
        foreach (var group in groups)
        {
            var cap = group.Cap;
            group.Demand = cap == 0 ? group.Runnable : Math.Min(group.Runnable, cap / 1000.0);
            group.Entitled = -1;
        }

        double capacity = workers;
        var changed = true;
        while (changed)
        {
            double weights = 0;
            foreach (var group in groups)
                weights += group.Entitled < 0 ? group.Weight : 0;
            changed = false;
            var given = 0.0;
            foreach (var group in groups)
            {
                if (group.Entitled >= 0 || group.Demand > capacity * group.Weight / weights)
                    continue;
                group.Entitled = group.Demand;
                given += group.Demand;
                changed = true;
            }

            capacity -= given;
            if (changed)
                continue;
            foreach (var group in groups)
            {
                if (group.Entitled < 0)
                    group.Entitled = capacity * group.Weight / weights;
            }
        }
    }

    private void Give(ScheduleGroup group, ulong elapsed)
    {
        var limit = Math.Max(4 * (long)quantum, (long)(2 * group.Entitled * period));
        while (true)
        {
            var credit = Volatile.Read(ref group.Credit);

            // A group that does not want to run forgets its debts.
            var given = group.Demand > 0 ? credit + (long)(group.Entitled * elapsed) : Math.Max(credit, (long)quantum);
            if (Interlocked.CompareExchange(ref group.Credit, Math.Clamp(given, -limit, limit), credit) == credit)
                return;
        }
    }
}
