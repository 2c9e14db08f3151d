using CsCheck;

namespace Arm64Vm.Scheduling.Tests;

public class TimerWheelTests
{
    private const ulong Tick = 1 << 14;

    /// <summary>Against a sorted list: never early, late by less than a tick, and nothing is left over, whatever the distances.</summary>
    [Fact]
    public void DeadlinesExpireInTime()
    {
        var deadlines = Gen.Select(Gen.Int[0, 40], Gen.ULong[0, 63], Gen.ULong).Select((entity, bits, value) => (Entity: entity, Distance: value >> (int)bits >> 2));
        var steps = Gen.Select(deadlines.Array[0, 8], Gen.Select(Gen.Int[10, 50], Gen.ULong).Select((bits, value) => value & ((1ul << bits) - 1)));
        steps.Array[1, 40].Sample(plan =>
        {
            var entities = Enumerable.Range(0, 41).Select(Entities.Make).ToArray();
            ulong now = 5_000_000;
            var wheel = new TimerWheel(now);
            var expected = new Dictionary<int, ulong>();
            foreach (var (set, step) in plan)
            {
                foreach (var (entity, distance) in set)
                {
                    wheel.Set(entities[entity], now + distance);
                    expected[entity] = now + distance;
                }

                Assert.Equal(expected.Count, wheel.Count);
                now += step;
                while (wheel.Expire(now) is { } expired)
                {
                    Assert.True(expected.Remove(expired.Index, out var deadline));
                    Assert.True(deadline <= now, "early");
                }

                Assert.All(expected.Values, deadline => Assert.True(deadline + (2 * Tick) > now, "late"));
            }
        }, iter: 3000);
    }

    /// <summary>A worker that sleeps until <see cref="TimerWheel.Next"/> each time wakes few times and not late.</summary>
    [Theory]
    [InlineData(1ul)]
    [InlineData(100_000ul)]
    [InlineData(3_000_000ul)]
    [InlineData(1_000_000_000ul)]
    [InlineData(86_400_000_000_000ul)]
    public void SleepingUntilTheNextLookReachesTheDeadline(ulong distance)
    {
        ulong now = 123_456_789;
        var wheel = new TimerWheel(now);
        wheel.Set(Entities.Make(3), now + distance);
        var deadline = now + distance;
        ScheduleEntity? expired = null;
        var looks = 0;
        while ((expired = wheel.Expire(now)) is null)
        {
            Assert.True(++looks <= 3);
            now = Math.Max(now, wheel.Next);
        }

        Assert.Equal(3, expired.Index);
        Assert.InRange(now, deadline, deadline + (2 * Tick));
        Assert.Equal(ScheduleResult.Never, wheel.Next);
    }

    [Fact]
    public void ASecondDeadlineReplacesTheFirst()
    {
        var wheel = new TimerWheel(0);
        var entity = Entities.Make(0);
        wheel.Set(entity, 10 * Tick);
        wheel.Set(entity, 1000 * Tick);
        Assert.Null(wheel.Expire(999 * Tick));
        Assert.Same(entity, wheel.Expire(1000 * Tick));
    }

    [Fact]
    public void AllIsTakenOutWhenAWorkerLeaves()
    {
        var wheel = new TimerWheel(0);
        for (var i = 0; i < 50; i++)
            wheel.Set(Entities.Make(i), (ulong)i << (i % 40));
        var taken = new HashSet<int>();
        while (wheel.TakeAny() is { } entity)
            Assert.True(taken.Add(entity.Index));
        Assert.Equal(50, taken.Count);
        Assert.Equal(0, wheel.Count);
    }
}
