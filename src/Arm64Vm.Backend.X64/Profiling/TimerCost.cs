using System.Diagnostics;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>What it costs a thread to be interrupted by a timer of the host: two microseconds on hardware, and up to a hundred in a virtual machine.</summary>
internal static unsafe class TimerCost
{
    /// <summary>Nanoseconds between two samples where they cost little. Not a divisor of a guest's timer ticks, so that the two do not keep step.</summary>
    public const long ShortestInterval = 997_000;

    private const long LongestInterval = 20 * ShortestInterval;

    /// <summary>Of a thread's time interrupts may take one part in so many.</summary>
    private const long Share = 100;

    /// <summary>
    /// How many times as much an interrupt costs a guest with much code as a thread that only looks at the clock: what was in caches, TLBs and branch predictors is missed
    /// afterwards. Differences of boots with and without timers, by samples of all functions, on two virtual hosts: 220 µs where 50 were measured here, and 40 to 60 where 15 were.
    /// </summary>
    private const long Aftermath = 4;

    private const long TimerInterval = 250_000;
    private const int Interrupts = 21;

    /// <summary>A thread that does nothing else reads the clock every few dozen nanoseconds.</summary>
    private const long ShortestGap = 500;
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The interval at which samples take a thread one percent of its time, with what follows from them, where one by itself takes <paramref name="cost"/> nanoseconds;
    /// no shorter one than the least, and no longer one than twenty times that.
    /// </summary>
    public static long Interval(long cost) => Math.Clamp(((cost * Aftermath * Share) + ShortestInterval - 1) / ShortestInterval * ShortestInterval, ShortestInterval, LongestInterval);

    /// <summary>Nanoseconds that an interrupt takes the calling thread, which looks at the clock meanwhile: the median of some gaps. The handler is installed.</summary>
    public static long Measure()
    {
        // SAFETY: no vCPU is in the ring, so the handler writes nothing to it; the signal goes to this thread, and has come when the timer is gone.
        using SampleRing ring = new();
        int timer = SignalCalls.StartTimer((nint)ring.Address, TimerInterval);
        Span<long> gaps = stackalloc long[Interrupts];
        int count = 0;
        long start = Stopwatch.GetTimestamp();
        long last = start;
        while (count < gaps.Length && Stopwatch.GetElapsedTime(start, last) < s_longest)
        {
            long now = Stopwatch.GetTimestamp();
            long gap = (long)(Stopwatch.GetElapsedTime(last, now).Ticks * (double)TimeSpan.NanosecondsPerTick);
            if (gap >= ShortestGap)
                gaps[count++] = gap;
            last = now;
        }

        SignalCalls.DeleteTimer(timer);
        gaps = gaps[..count];
        gaps.Sort();
        return count == 0 ? 0 : gaps[count / 2];
    }
}
