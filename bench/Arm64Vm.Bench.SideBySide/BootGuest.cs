namespace Arm64Vm.Bench.SideBySide;

/// <summary>Firmware or a kernel, until its console shows something or it switches the machine off.</summary>
internal sealed class BootGuest : Guest
{
    private readonly string? _expected;
    private readonly TimeSpan _countdown;

    /// <summary>The guest that the options describe: a row for each awaited text, or one for the whole run to power-off.</summary>
    /// <exception cref="UsageException">A file of the guest is missing.</exception>
    public BootGuest(Options options)
    {
        Machine = Checked(options.Guest);
        Until = options.Until;
        _countdown = options.Countdown;
    }

    /// <summary>A guest with one row of its own name, that ends with <paramref name="until"/> or, without one, by itself.</summary>
    /// <param name="name">The row's name.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="until">The text that ends the run, or null.</param>
    /// <param name="expected">What its console must have shown, or null.</param>
    /// <param name="countdown">How long it waits for a key on its way.</param>
    /// <exception cref="UsageException">A file of the guest is missing.</exception>
    public BootGuest(string name, GuestMachine machine, string? until, string? expected, TimeSpan countdown)
    {
        Name = name;
        Machine = Checked(machine);
        Until = until is null ? [] : [until];
        _expected = expected;
        _countdown = countdown;
    }

    public override string? Name { get; }

    public override GuestMachine Machine { get; }

    public override IReadOnlyList<string> Until { get; }

    public override string? Problem(ConsoleRun run)
    {
        int missing = Array.IndexOf(run.Milestones, null);
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
        if (Until.Count == 0)
            return [Sample(Name ?? "power-off", run.Elapsed)];
        List<Sample> samples = [];
        for (int i = 0; i < Until.Count; i++)
            samples.Add(Sample(Name ?? $"'{Until[i]}'", run.Milestones[i]!.Value));
        return samples;
    }

    private Sample Sample(string name, TimeSpan time) => new(name, "boot", (time - _countdown).TotalNanoseconds);

    private static GuestMachine Checked(GuestMachine guest)
    {
        foreach (string? file in (ReadOnlySpan<string?>)[guest.Firmware, guest.Variables, guest.Kernel, guest.Initrd, .. guest.Disks])
        {
            if (file is not null)
                _ = Existing(file);
        }

        return guest;
    }
}
