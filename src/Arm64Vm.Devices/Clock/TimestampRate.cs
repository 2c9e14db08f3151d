using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Clock;

/// <summary>Measures a host timestamp against the monotonic clock and keeps time that is taken from it beside that clock.</summary>
/// <remarks>
/// First after 100 ms, when two readings of 30 ns uncertainty give the rate to less than a part in a million; then after longer and
/// longer times. Time never jumps: each new rate is chosen so that what has gone astray is made up for until the next measurement.
/// </remarks>
/// <param name="timestamp">The timestamp.</param>
/// <param name="monotonic">The monotonic clock, in nanoseconds.</param>
internal sealed class TimestampRate(IHostTimestamp timestamp, Func<long> monotonic)
{
    private const int Readings = 8;

    /// <summary>Nanoseconds. Added where time moves from the monotonic clock to the timestamp, so that it does not go back by the uncertainty.</summary>
    private const ulong Guard = 100;

    /// <summary>The reference point lies this many counts in the past, so that processors whose counters are a little apart see no negative difference.</summary>
    private const ulong Margin = 1 << 20;

    /// <summary>Parts per million by which time may run faster or slower than measured to make up for an error.</summary>
    private const long MaxSteering = 200;

    private static ReadOnlySpan<uint> Milliseconds => [100, 900, 3_000, 8_000, 16_000];

    private int _measurements;
    private Reading _last;

    /// <summary>Nanoseconds until <see cref="TryUpdate"/> has something to do; <see cref="ClockSleeper.Forever"/> where the timestamp cannot be used.</summary>
    public ulong UntilNext { get; private set; }

    private readonly record struct Reading(ulong Timestamp, long Nanoseconds);

    /// <summary>The same rate with another time now.</summary>
    public static ClockRelation Rebase(ClockRelation relation, ulong nanoseconds) =>
        At(relation.Source, relation.Source.Read(), nanoseconds, relation.Multiplier) with { Era = relation.Era + 1 };

    /// <summary>Time starts to run, or has been set: what was measured before does not count for errors, but the rate is still right.</summary>
    public void Start()
    {
        _last = Read();
        _measurements = 0;
        UntilNext = Interval(0);
    }

    /// <summary>Measures, if it is time to.</summary>
    /// <param name="origin">Monotonic time at which the clock stood at 0.</param>
    /// <param name="old">What time is taken from so far.</param>
    /// <param name="relation">What to take it from now.</param>
    public bool TryUpdate(long origin, ClockRelation? old, out ClockRelation? relation)
    {
        relation = old;
        if (UntilNext == ClockSleeper.Forever)
            return false;
        // Every timer that expires asks; a measurement costs several readings of both.
        var due = Interval(_measurements);
        var waited = (ulong)(monotonic() - _last.Nanoseconds);
        if (waited < due)
        {
            UntilNext = due - waited;
            return false;
        }

        var now = Read();
        var elapsed = now.Nanoseconds - _last.Nanoseconds;
        var counted = now.Timestamp - _last.Timestamp;
        if (counted <= (ulong)elapsed)
        {
            // Slower than 1 GHz or stopped: of no use here.
            UntilNext = ClockSleeper.Forever;
            return false;
        }

        var multiplier = (ulong)(((UInt128)(ulong)elapsed << 64) / counted);
        _last = now;
        _measurements++;
        UntilNext = Interval(_measurements);
        var target = (ulong)(now.Nanoseconds - origin);
        if (old is null)
        {
            relation = At(timestamp, now.Timestamp, target + Guard, multiplier);
            return true;
        }

        var reached = old.At(now.Timestamp);
        var error = (long)(target - reached);
        var limit = (long)(UntilNext / 1_000_000) * MaxSteering;
        var correction = (Int128)multiplier * Math.Clamp(error, -limit, limit) / (long)UntilNext;
        relation = At(timestamp, now.Timestamp, reached, (ulong)((Int128)multiplier + correction)) with { Era = old.Era };
        return true;
    }

    private static ulong Interval(int measurements) => Milliseconds[Math.Min(measurements, Milliseconds.Length - 1)] * 1_000_000UL;

    private static ClockRelation At(IHostTimestamp source, ulong timestamp, ulong nanoseconds, ulong multiplier) =>
        new(source, timestamp - Margin, nanoseconds - Math.BigMul(Margin, multiplier, out _), multiplier);

    /// <summary>Both at one instant: the pair of the shortest of several tries, to be undisturbed.</summary>
    private Reading Read()
    {
        Reading best = default;
        var shortest = ulong.MaxValue;
        for (int i = 0; i < Readings; i++)
        {
            var before = timestamp.Read();
            var nanoseconds = monotonic();
            var span = timestamp.Read() - before;
            if (span >= shortest)
                continue;
            shortest = span;
            best = new Reading(before + (span / 2), nanoseconds);
        }

        return best;
    }
}
