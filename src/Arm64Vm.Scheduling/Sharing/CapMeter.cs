namespace Arm64Vm.Scheduling;

/// <summary>Holds a group to its cap, with one word: the time until which what it has run is paid for at the rate of the cap.</summary>
/// <remarks>
/// The generic cell rate algorithm (ITU-T I.371): running for r at a cap of c cores moves the word on by r / c. The group may run while the word is
/// not ahead of the clock. So an overrun is paid back by a longer wait, a wait that was too long is caught up with, within <see cref="Burst"/>,
/// and a changed cap counts from the next run on. Several workers charge one group by compare-and-swap; order does not matter for a sum.
/// </remarks>
internal static class CapMeter
{
    /// <summary>Nanoseconds of unused time that are kept.</summary>
    private const ulong Burst = 10_000_000;

    /// <summary>A throttled entity is looked at again after so long at most, so that a raised cap is noticed.</summary>
    private const ulong LongestWait = 10_000_000;

    /// <summary>False: not before <paramref name="until"/>.</summary>
    public static bool MayRun(ScheduleGroup group, ulong now, out ulong until)
    {
        until = 0;
        if (group.Cap == 0)
            return true;
        var paid = Volatile.Read(ref group.PaidUntil);
        if (paid <= now)
            return true;
        until = Math.Min(paid, now + LongestWait);
        return false;
    }

    public static void Charge(ScheduleGroup group, ulong ran, ulong now)
    {
        var cap = group.Cap;
        if (cap == 0)
        {
            // What ran without a cap owes nothing to one that is set later.
            if (Volatile.Read(ref group.PaidUntil) != 0)
                Volatile.Write(ref group.PaidUntil, 0);
            return;
        }

        var cost = ran * 1000 / (ulong)cap;
        var floor = now - Math.Min(now, ran + Burst);
        while (true)
        {
            var paid = Volatile.Read(ref group.PaidUntil);
            if (Interlocked.CompareExchange(ref group.PaidUntil, Math.Max(paid, floor) + cost, paid) == paid)
                return;
        }
    }
}
