using System.Diagnostics;
using Arm64Vm.Devices.Clock;

namespace Arm64Vm.Devices.Tests.Clock;

/// <summary>The only tests that see real time. They wait for events, with a bound that no working host reaches.</summary>
public class SystemClockTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    [Fact]
    public void TimersFireNotBeforeTheirDeadlineAndInOrder()
    {
        using var clock = new SystemClock();
        var done = new ManualResetEventSlim();
        var fired = new List<int>();
        var times = new List<ulong>();
        using var second = clock.CreateTimer(() =>
        {
            fired.Add(2);
            times.Add(clock.Nanoseconds);
            done.Set();
        });
        using var first = clock.CreateTimer(() =>
        {
            fired.Add(1);
            times.Add(clock.Nanoseconds);
        });
        using var never = clock.CreateTimer(() => fired.Add(3));
        var start = clock.Nanoseconds;
        second.Arm(start + 4_000_000);
        first.Arm(start + 2_000_000);
        never.Arm(start + 1_000_000);
        never.Disarm();
        Assert.True(done.Wait(Bound));
        Assert.Equal([1, 2], fired);
        Assert.True(times[0] >= start + 2_000_000 && times[1] >= start + 4_000_000);
    }

    [Fact]
    public void PastDeadlineFiresAtOnce()
    {
        using var clock = new SystemClock();
        var done = new ManualResetEventSlim();
        using var timer = clock.CreateTimer(done.Set);
        timer.Arm(0);
        Assert.True(done.Wait(Bound));
    }

    [Fact]
    public void PauseStopsTimeAndTimers()
    {
        using var clock = new SystemClock(startPaused: true);
        var done = new ManualResetEventSlim();
        using var timer = clock.CreateTimer(done.Set);
        timer.Arm(1_000);
        Assert.False(done.Wait(20));
        Assert.Equal(0ul, clock.Nanoseconds);
        clock.Resume();
        Assert.True(done.Wait(Bound));
        clock.Pause();
        var at = clock.Nanoseconds;
        Thread.Sleep(2);
        Assert.Equal(at, clock.Nanoseconds);
        Assert.True(clock.IsPaused);
    }

    [Fact]
    public void RestoredClockGoesOnFromTheSavedTime()
    {
        using var clock = new SystemClock(startPaused: true);
        clock.Restore(new SystemClockState(5_000_000_000));
        Assert.Equal(5_000_000_000ul, clock.Nanoseconds);
        clock.Resume();
        Assert.InRange(clock.Nanoseconds, 5_000_000_000ul, 500_000_000_000ul);
        Assert.True(clock.Save().Nanoseconds >= 5_000_000_000);
    }

    [Fact]
    public void ArmingAllocatesNothing()
    {
        using var clock = new SystemClock();
        using var timer = clock.CreateTimer(() => { });
        timer.Arm(ulong.MaxValue / 2);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 1000; i++)
            timer.Arm(ulong.MaxValue / 2 - i);
        timer.Disarm();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void DisposeEndsTheThreadWhateverIsArmed()
    {
        var clock = new SystemClock();
        var timer = clock.CreateTimer(() => { });
        timer.Arm(ulong.MaxValue);
        var watch = Stopwatch.StartNew();
        clock.Dispose();
        timer.Arm(0);
        clock.Resume();
        clock.Dispose();
        Assert.True(watch.Elapsed < Bound);
    }

    [Fact]
    public void PortableSleeperSleepsAndWakes()
    {
        using var sleeper = new RuntimeSleeper();
        sleeper.Wake();
        sleeper.Sleep(ClockSleeper.Forever);
        sleeper.Sleep(1);
    }
}
