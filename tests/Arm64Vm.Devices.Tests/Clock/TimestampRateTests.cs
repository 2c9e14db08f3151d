using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;

namespace Arm64Vm.Devices.Tests.Clock;

/// <summary>Time taken from a host counter, against a monotonic clock that the test moves.</summary>
public class TimestampRateTests
{
    private const long Second = 1_000_000_000;
    private long _now = 5 * Second;

    [Fact]
    public void TimeComesFromTheCounterOnceItsRateIsMeasured()
    {
        var counter = new Counter(this, 2.5);
        var rate = new TimestampRate(counter, () => _now);
        rate.Start();
        Assert.False(rate.TryUpdate(0, null, out var relation));
        Assert.Equal(100_000_000ul, rate.UntilNext);
        _now += 60_000_000;
        Assert.False(rate.TryUpdate(0, null, out relation));
        Assert.Equal(40_000_000ul, rate.UntilNext);
        _now += 40_000_000;
        Assert.True(rate.TryUpdate(0, null, out relation));
        Assert.Equal(900_000_000ul, rate.UntilNext);
        Assert.InRange((long)relation!.Now - _now, 0, 200);
        _now += 700_000_000;
        Assert.InRange((long)relation.Now - _now, 0, 200);
    }

    [Fact]
    public void TimeNeverJumpsAndErrorsAreMadeUpFor()
    {
        var counter = new Counter(this, 3.0);
        var rate = new TimestampRate(counter, () => _now);
        rate.Start();
        _now += Second;
        Assert.True(rate.TryUpdate(0, null, out var relation));
        counter.Rate = 3.000_03; // ten parts per million faster from here on
        var before = relation!.Now;
        for (var i = 0; i < 200; i++)
        {
            _now += Second / 4;
            var reached = relation!.Now;
            Assert.True(reached >= before);
            if (rate.TryUpdate(0, relation, out relation))
                Assert.InRange((long)relation!.Now - (long)reached, 0, 1);
            before = relation!.Now;
        }

        Assert.InRange((long)relation!.Now - _now, -1_000, 1_000);
    }

    [Theory]
    [InlineData(0.024)]
    [InlineData(0.0)]
    public void ASlowOrStoppedCounterIsNotUsed(double perNanosecond)
    {
        var rate = new TimestampRate(new Counter(this, perNanosecond), () => _now);
        rate.Start();
        _now += Second;
        Assert.False(rate.TryUpdate(0, null, out var relation));
        Assert.Null(relation);
        Assert.Equal(ulong.MaxValue, rate.UntilNext);
    }

    [Fact]
    public void AClockTakesItsTimeFromTheCounterAndStopsWithIt()
    {
        var stopwatch = System.Diagnostics.Stopwatch.StartNew();
        using var clock = new SystemClock(startPaused: true, timestamp: new HostCounter());
        clock.Resume();
        Assert.True(SpinWait.SpinUntil(() => clock.Relation is not null, TimeSpan.FromSeconds(30)));
        var before = clock.Nanoseconds;
        Assert.True(before <= (ulong)stopwatch.Elapsed.TotalNanoseconds + 1_000_000);
        clock.Pause();
        Assert.Null(clock.Relation);
        var paused = clock.Nanoseconds;
        Assert.True(paused >= before);
        Thread.Sleep(3);
        Assert.Equal(paused, clock.Nanoseconds);
        clock.Resume();
        Assert.InRange(clock.Relation!.Now, paused, paused + (30 * (ulong)Second));
        clock.Restore(new SystemClockState(7));
        Assert.InRange(clock.Nanoseconds, 7ul, 30 * (ulong)Second);
    }

    private sealed class Counter(TimestampRateTests test, double perNanosecond) : IHostTimestamp
    {
        private double _count = 1e9;
        private long _at = test._now;

        public double Rate { get; set; } = perNanosecond;

        public ulong Read()
        {
            _count += (test._now - _at) * Rate;
            _at = test._now;
            return (ulong)_count;
        }
    }

    private sealed class HostCounter : IHostTimestamp
    {
        public ulong Read() => (ulong)System.Diagnostics.Stopwatch.GetTimestamp() * 3;
    }
}
