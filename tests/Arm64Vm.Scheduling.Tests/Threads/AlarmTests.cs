using System.Diagnostics;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>Alarms of this host, with its timers.</summary>
public class AlarmTests
{
    private static readonly HostClock s_clock = new();

    public static TheoryData<string> Kinds => ["host", "portable"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AlarmsRingInTheirOrderAndNotBefore(string kind)
    {
        using var alarms = Make(kind);
        alarms.Set(0, 40_000_000);
        alarms.Set(3, 10_000_000);
        var time = Stopwatch.StartNew();
        Assert.Equal(1ul << 3, Hear(alarms));
        Assert.True(time.ElapsedMilliseconds >= 9, $"{time.Elapsed}");
        Assert.Equal(1ul, Hear(alarms));
        Assert.True(time.ElapsedMilliseconds >= 39, $"{time.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnAlarmThatIsPutOffOrSwitchedOffDoesNotRing(string kind)
    {
        using var alarms = Make(kind);
        alarms.Set(0, 5_000_000);
        alarms.Set(3, 5_000_000);
        alarms.Set(0, 60_000_000);
        alarms.Set(3, WorkerAlarms.Off);
        var time = Stopwatch.StartNew();
        Assert.Equal(1ul, Hear(alarms));
        Assert.True(time.ElapsedMilliseconds >= 55, $"{time.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AnAlarmThatIsSetWhileSomebodyWaitsRings(string kind)
    {
        using var alarms = Make(kind);
        alarms.Set(0, 3600ul * 1_000_000_000);
        var setter = new Thread(() =>
        {
            Thread.Sleep(20);
            alarms.Set(3, 0);
        });
        setter.Start();
        Assert.Equal(1ul << 3, Hear(alarms));
        setter.Join();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void StopEndsTheWait(string kind)
    {
        using var alarms = Make(kind);
        alarms.Stop();
        Assert.Equal(0ul, alarms.Wait());
    }

    private static WorkerAlarms Make(string kind)
    {
        var alarms = kind == "host" ? WorkerAlarms.Create(s_clock) : new SleeperAlarms<NoPoints>(s_clock, Sleeper.Create());
        alarms.Open(0);
        alarms.Open(3);
        return alarms;
    }

    private static ulong Hear(WorkerAlarms alarms)
    {
        while (true)
        {
            if (alarms.Wait() is var rung and not 0)
                return rung;
        }
    }
}
