namespace Arm64Vm.Machine.Running;

/// <summary>What tells whether a processor is idle, as of the end of a run.</summary>
/// <param name="Ran">Nanoseconds for which it has run so far.</param>
/// <param name="Made">Translation units made for its machine so far.</param>
/// <param name="HasGrown">There is much code that was made since some was given back last.</param>
/// <param name="Period">Nanoseconds for which all must have been idle.</param>
internal readonly record struct IdleSigns(long Ran, long Made, bool HasGrown, ulong Period = IdleWatch.FirstPeriod);

/// <summary>Finds out when all processors of a machine have been idle for a while, so that each gives back memory that it can have again: once, until it has had something to do.</summary>
/// <remarks>
/// A processor is idle while it waits, but for runs that are short together, and nothing new is translated. Once it has given back, translating what it
/// needs for its wake-ups does not count as something to do. Each processor's thread calls for its own; what others look at is published when its wait begins, and withdrawn when
/// it runs, so a look may find an idle processor busy, which only means another look later.
/// </remarks>
internal sealed class IdleWatch
{
    /// <summary>Nanoseconds for which all must have been idle, at first.</summary>
    public const ulong FirstPeriod = 5_000_000_000;

    /// <summary>Never looked at again, and idle since never.</summary>
    public const ulong Never = ulong.MaxValue;

    /// <summary>Running for this part of a period still is no work: 1.6 % of a host processor.</summary>
    private const ulong BriefPart = 64;

    private readonly Place[] _places;

    /// <summary>Moves when what all have done is to be done again.</summary>
    private int _round = 1;

    /// <summary>1: somebody has been told that all have given back.</summary>
    private int _completed;

    public IdleWatch(int processors)
    {
        _places = new Place[processors];
        for (var i = 0; i < processors; i++)
            _places[i] = new Place();
    }

    /// <summary>All have given back, and none has had anything to do since. True once, for one of those who ask.</summary>
    public bool IsCompletedByThis() => Volatile.Read(ref _completed) == 0 && HaveAllGivenBack && Interlocked.CompareExchange(ref _completed, 1, 0) == 0;

    /// <summary>All have given back, and none has had anything to do since.</summary>
    public bool HaveAllGivenBack
    {
        get
        {
            var round = Volatile.Read(ref _round);
            foreach (var place in _places)
            {
                if (Volatile.Read(ref place.Round) != round)
                    return false;
            }

            return true;
        }
    }

    /// <summary>A processor runs.</summary>
    public void Runs(int processor) => Volatile.Write(ref _places[processor].IdleSince, Never);

    /// <summary>Its run ended in a wait. True: it is to give back memory, now, and then call <see cref="GaveBack"/>.</summary>
    /// <param name="processor">Which.</param>
    /// <param name="now">Nanoseconds of a clock that goes forward.</param>
    /// <param name="signs">What it has done.</param>
    /// <param name="lookAgain">When it is to be run again for another look, at the latest.</param>
    public bool Waits(int processor, ulong now, in IdleSigns signs, out ulong lookAgain)
    {
        var place = _places[processor];
        lookAgain = Never;
        var hasGivenBack = place.Round == Volatile.Read(ref _round);
        var isOver = now - place.WindowStart >= signs.Period;
        if (place.WindowStart == 0 || signs.Ran - place.Ran > (long)(signs.Period / BriefPart) || (signs.Made != place.Made && !hasGivenBack))
        {
            place.BusyUntil = now;
            Leave(place);
            hasGivenBack = false;
            Begin(place, now, signs);
        }
        else if (isOver && hasGivenBack)
        {
            // Quiet work may come to much code as well.
            hasGivenBack = !signs.HasGrown || signs.Made != place.Made;
            if (!hasGivenBack)
                Leave(place);
            Begin(place, now, signs);
        }

        Volatile.Write(ref place.IdleSince, place.BusyUntil);
        if (hasGivenBack)
            return false;
        if (AreAllIdle(now, signs.Period))
            return true;
        lookAgain = place.BusyUntil + signs.Period;
        if (lookAgain <= now)
            lookAgain = now + signs.Period;
        return false;
    }

    /// <summary>It has. A fence: of two that do so at the same time one at least sees the other.</summary>
    public void GaveBack(int processor) => Interlocked.Exchange(ref _places[processor].Round, Volatile.Read(ref _round));

    /// <summary>What all did was in vain: they do it again, a period later. Those that wait must be run once, for they sleep until they are woken.</summary>
    public void TryAgain(int processor, ulong now)
    {
        _places[processor].BusyUntil = now;
        Volatile.Write(ref _places[processor].IdleSince, now);
        Interlocked.Increment(ref _round);
        Volatile.Write(ref _completed, 0);
    }

    /// <summary>It has had something to do since it gave back.</summary>
    private void Leave(Place place)
    {
        Volatile.Write(ref place.Round, 0);
        Volatile.Write(ref _completed, 0);
    }

    private bool AreAllIdle(ulong now, ulong period)
    {
        foreach (var place in _places)
        {
            var since = Volatile.Read(ref place.IdleSince);
            if (since == Never || since + period > now)
                return false;
        }

        return true;
    }

    private static void Begin(Place place, ulong now, in IdleSigns signs)
    {
        place.WindowStart = now;
        place.Ran = signs.Ran;
        place.Made = signs.Made;
    }

    private sealed class Place
    {
        /// <summary>For others: since when it has been idle, while it waits.</summary>
        public ulong IdleSince = Never;

        /// <summary>The round in which it gave back; 0: it has had something to do.</summary>
        public int Round;
        public ulong BusyUntil;
        public ulong WindowStart;
        public long Ran;
        public long Made;
    }
}
