using System.Diagnostics;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>Notes of the time are ticks of the host's monotonic clock in the end, by whatever counter they were made.</summary>
public class RecordingClockTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void NotesAreTicks(bool hasCounter)
    {
        using var counter = hasCounter ? TimestampCounter.TryCreate(HostFeatures.Detect()) : null;
        var clock = new RecordingClock(counter);
        Thread.Sleep(20);
        long before = Stopwatch.GetTimestamp();
        long note = clock.Now;
        long after = Stopwatch.GetTimestamp();
        Thread.Sleep(60);
        long end = clock.Now;
        long endBefore = Stopwatch.GetTimestamp();
        clock.Settle();

        // As exact as two looks at two clocks are on a busy host.
        long tolerance = Stopwatch.Frequency / 200;
        Assert.InRange(clock.TicksAt(note), before - tolerance, after + tolerance);
        Assert.InRange(clock.TicksBetween(end - note), endBefore - after - tolerance, endBefore - before + tolerance);
    }
}
