using System.Globalization;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Bench;

/// <summary>How far a run is: on a terminal one line that changes, elsewhere a line for each start of a side.</summary>
/// <param name="streams">Standard error gets it.</param>
/// <param name="runs">How many starts there will be.</param>
internal sealed class BenchProgress(CliStreams streams, int runs)
{
    private const int Width = 100;

    private readonly bool _isTerminal = streams.IsProcess && RawTerminal.IsErrorTerminal;
    private readonly long _start = Environment.TickCount64;
    private int _done;
    private string _line = "";
    private string _rest = "";
    private IReadOnlyList<string> _workloads = [];
    private int _seen;

    /// <summary>A side starts on a guest.</summary>
    public void Begin(string what, Guest guest)
    {
        var left = "";
        if (_done > 0)
        {
            var seconds = (Environment.TickCount64 - _start) / 1000.0 / _done * (runs - _done);
            left = string.Create(CultureInfo.InvariantCulture, $", {(seconds < 90 ? $"{seconds:0} s" : $"{seconds / 60:0} min")} left");
        }

        _line = string.Create(CultureInfo.InvariantCulture, $"[{_done + 1}/{runs}{left}] {what}: {guest.Name}");
        _rest = "";
        _workloads = guest.Workloads;
        _seen = 0;
        if (_isTerminal)
            Show(_line);
        else
            streams.Error.WriteLine(_line);
    }

    /// <summary>The guest printed something: result lines are counted.</summary>
    public void Printed(string text)
    {
        if (!_isTerminal)
            return;
        var lines = (_rest + text).Split('\n');
        _rest = lines[^1];
        foreach (var line in lines[..^1])
        {
            if (line.StartsWith("RUN ", StringComparison.Ordinal))
                Show(string.Create(CultureInfo.InvariantCulture, $"{_line}, {++_seen} of {_workloads.Count}: {line[4..].Trim()}"));
            else if (line.StartsWith("KERNEL ", StringComparison.Ordinal))
                Show(string.Create(CultureInfo.InvariantCulture, $"{_line}, {++_seen} of {_workloads.Count}"));
        }
    }

    public void End() => _done++;

    /// <summary>Removes the line.</summary>
    public void Clear()
    {
        if (_isTerminal)
            streams.Error.Write("\r\e[K");
    }

    private void Show(string line) => streams.Error.Write("\r\e[K" + (line.Length > Width ? line[..Width] : line));
}
