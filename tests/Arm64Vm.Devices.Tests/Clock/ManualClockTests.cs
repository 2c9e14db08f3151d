using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;

namespace Arm64Vm.Devices.Tests.Clock;

public class ManualClockTests
{
    [Fact]
    public void TimersFireInOrderAtTheirOwnTime()
    {
        var clock = new ManualClock(1000);
        var fired = new List<(string, ulong)>();
        using var late = clock.CreateTimer(() => fired.Add(("late", clock.Nanoseconds)));
        IVirtualTimer chained = null!;
        using var early = clock.CreateTimer(() =>
        {
            fired.Add(("early", clock.Nanoseconds));
            chained.Arm(clock.Nanoseconds + 5);
        });
        chained = clock.CreateTimer(() => fired.Add(("chained", clock.Nanoseconds)));
        late.Arm(30);
        early.Arm(10);
        Assert.Equal(10ul, clock.NextDeadline);
        clock.Advance(20);
        Assert.Equal([("early", 10ul), ("chained", 15ul)], fired);
        late.Disarm();
        clock.Advance(2_000_000_000);
        Assert.Equal(2, fired.Count);
        Assert.Equal(1002ul, clock.UnixSeconds);
        late.Arm(1);
        clock.Advance(0);
        Assert.Equal(("late", 2_000_000_020ul), fired[^1]);
    }
}
