using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.Runtime;
using Microsoft.Coyote.SystematicTesting;
using ControlledTask = Microsoft.Coyote.Rewriting.Types.Threading.Tasks.Task;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>Interleavings of the product's own code, chosen by Microsoft.Coyote, which needs no rewriting here: the code says itself where threads may change.</summary>
/// <remarks>Coyote explores sequentially consistent interleavings; what store buffers add is left to the litmus tests.</remarks>
internal static class Systematic
{
    private const uint Seed = 20251;

    /// <summary>Runs a scenario under so many schedules; fails with the first that breaks it.</summary>
    public static void Holds(int schedules, Action scenario)
    {
        using var engine = Run(schedules, scenario);
        Assert.True(engine.TestReport.NumOfFoundBugs == 0, string.Join(Environment.NewLine, engine.TestReport.BugReports));
    }

    /// <summary>The control: a variant of a scenario that must break, and how.</summary>
    public static void Breaks(int schedules, string fault, Action scenario)
    {
        using var engine = Run(schedules, scenario);
        Assert.True(engine.TestReport.NumOfFoundBugs > 0, "no schedule shows the fault that was put in");
        Assert.Contains(fault, string.Concat(engine.TestReport.BugReports), StringComparison.Ordinal);
    }

    public static Task Start(Action body) => ControlledTask.Run(body);

    public static void Join(params Task[] tasks) => ControlledTask.WaitAll(tasks);

    /// <summary>Ends the schedule as a bug. It must be seen by Coyote, not by xunit.</summary>
    public static void Require(bool condition, string message) => Microsoft.Coyote.Specifications.Specification.Assert(condition, message);

    private static TestingEngine Run(int schedules, Action scenario)
    {
        var configuration = Configuration.Create()
            .WithTestingIterations((uint)schedules)
            .WithMaxSchedulingSteps(5000, 5000)
            .WithRandomGeneratorSeed(Seed)
            .WithPotentialDeadlocksReportedAsBugs(true)
            .WithVerbosityEnabled(VerbosityLevel.None)
            .WithTelemetryEnabled(false);
        var engine = TestingEngine.Create(configuration, scenario);
        engine.Run();
        return engine;
    }
}

/// <summary>Every step that other threads can see is a place where the explorer may change threads.</summary>
internal readonly struct ExploredPoints : IInterleavingPoints
{
    public static void Reach() => SchedulingPoint.Interleave();
}

/// <summary>A futex of the explored world: comparing and falling asleep is one step, and a wake without a sleeper is nothing. Who sleeps for ever is a deadlock.</summary>
internal sealed class ExploredSleeper : Sleeper
{
    private bool _asleep;

    public override void Sleep(ref int word, int value, ulong nanoseconds)
    {
        if (word != value)
            return;
        _asleep = true;
        Operation.PauseUntil(() => !_asleep);
    }

    public override void Wake(ref int word) => _asleep = false;
}

internal sealed class StandingClock : ISchedulerClock
{
    public ulong Nanoseconds => 1_000_000;
}
