using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary>Counters at a moment of a run.</summary>
/// <param name="Text">What the console had just printed.</param>
/// <param name="Statistics">The counters.</param>
internal readonly record struct StatisticsMark(string Text, MachineStatistics Statistics);

/// <summary>Takes a machine's counters when its console first prints certain texts. The guest runs on meanwhile: a moment is exact to about a millisecond.</summary>
internal sealed class StatisticsMarks : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ConsoleWatch> _watches = [];
    private readonly List<StatisticsMark> _marks = [];

    public StatisticsMarks(VirtualMachine machine, SerialConsole console, IReadOnlyList<string> texts)
    {
        foreach (var text in texts)
        {
            var watch = console.Watch(text);
            _watches.Add(watch);
            _ = watch.Seen.ContinueWith(
                _ =>
                {
                    lock (_gate)
                        _marks.Add(new StatisticsMark(text, machine.GetStatistics()));
                },
                CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Those taken so far, in the order of their time.</summary>
    public IReadOnlyList<StatisticsMark> Taken()
    {
        lock (_gate)
            return [.. _marks];
    }

    public void Dispose()
    {
        foreach (var watch in _watches)
            watch.Dispose();
    }
}
