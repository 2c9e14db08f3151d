namespace Arm64Vm.Bench.SideBySide;

/// <summary>One guest: its machine, what to wait for, what its console means.</summary>
internal abstract class Guest : IDisposable
{
    /// <summary>What tells this guest from the others of one comparison, or null when it is the only one.</summary>
    public virtual string? Name => null;

    public abstract GuestMachine Machine { get; }

    /// <summary>The texts that end a run, when it does not end by itself.</summary>
    public virtual IReadOnlyList<string> Until => [];

    /// <summary>Why the run does not count as a success, or null.</summary>
    public abstract string? Problem(ConsoleRun run);

    public abstract List<Sample> Samples(ConsoleRun run);

    public virtual void Dispose()
    {
    }

    /// <exception cref="UsageException">There is no such file.</exception>
    protected static string Existing(string file) =>
        File.Exists(file) ? Path.GetFullPath(file) : throw new UsageException($"no {file}");
}
