using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>Firmware or a kernel, until its console shows something or it switches the machine off.</summary>
internal sealed class BootGuest : Guest
{
    private readonly string? _expected;
    private readonly TimeSpan _countdown;

    /// <summary>A guest with one row of its own name.</summary>
    /// <param name="name">The row's name.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="until">The text that ends the run; null: it ends by itself.</param>
    /// <param name="expected">What its console must have shown, or null.</param>
    /// <param name="countdown">How long it waits for a key on its way, which is taken off.</param>
    /// <exception cref="CliException">A file of the guest is missing.</exception>
    public BootGuest(string name, GuestMachine machine, string? until, string? expected, TimeSpan countdown)
    {
        Name = name;
        Machine = machine;
        foreach (var file in machine.Files)
            _ = Existing(file);
        Until = until is null ? [] : [until];
        _expected = expected;
        _countdown = countdown;
    }

    public override string Name { get; }

    public override string Suite => "boot";

    public override GuestMachine Machine { get; }

    public override IReadOnlyList<string> Until { get; }

    public override string? Problem(ConsoleRun run)
    {
        var missing = Array.IndexOf(run.Milestones, null);
        if (missing >= 0)
            return $"'{Until[missing]}' never came";
        if (_expected is not null && !run.Text.Contains(_expected, StringComparison.Ordinal))
            return $"no '{_expected}'";
        return Until.Count == 0 && (run.TimedOut || run.ExitCode != 0) ? $"it did not switch the machine off (exit status {run.ExitCode})" : null;
    }

    public override List<Sample> Samples(ConsoleRun run)
    {
        if (Problem(run) is not null)
            return [];
        var time = Until.Count == 0 ? run.Elapsed : run.Milestones[^1]!.Value;
        return [new Sample(Name, "boot", (time - _countdown).TotalNanoseconds)];
    }
}
