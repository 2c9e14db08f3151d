using Arm64Vm.Cli.Bench.Runs;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>One run of a machine that measures one or more workloads: what it runs on, what to wait for, what its console means.</summary>
internal abstract class Guest
{
    /// <summary>What tells this guest from the others of its suite, for people.</summary>
    public abstract string Name { get; }

    /// <summary>The suite that its workloads belong to.</summary>
    public abstract string Suite { get; }

    public abstract GuestMachine Machine { get; }

    /// <summary>The names of its workloads, where they are known before the run.</summary>
    public virtual IReadOnlyList<string> Workloads => [Name];

    /// <summary>The texts that end a run, when it does not end by itself.</summary>
    public virtual IReadOnlyList<string> Until => [];

    /// <summary>Texts on the console between which the counters of a workload are taken, in the order of their appearance.</summary>
    public virtual IReadOnlyList<CounterSpan> Spans => [];

    /// <summary>The guests whose whole runs are counted instead, each a workload of the same name; empty: this one is counted.</summary>
    public virtual IReadOnlyList<Guest> Parts => [];

    /// <summary>A run that does what each of <see cref="Parts"/> does beside its work; null: nothing.</summary>
    public virtual Guest? Idle => null;

    /// <summary>The script that does the work, for a host that runs the same programs itself; null: nothing but a machine can run this.</summary>
    public virtual string? ScriptFile => null;

    /// <summary>Whether <see cref="ScriptFile"/> means something there.</summary>
    public virtual bool RunsOnHost => ScriptFile is not null;

    /// <summary>Why the run does not count as a success, or null.</summary>
    public abstract string? Problem(ConsoleRun run);

    public abstract List<Sample> Samples(ConsoleRun run);

    /// <exception cref="CliException">There is no such file.</exception>
    protected static string Existing(string file) =>
        File.Exists(file) ? Path.GetFullPath(file) : throw CliException.Failure($"there is no '{file}'");
}

/// <summary>Between which texts a workload runs.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Start">Printed before it.</param>
/// <param name="End">Printed after it.</param>
internal readonly record struct CounterSpan(string Workload, string Start, string End);

/// <summary>A disk that a guest may write.</summary>
/// <param name="Format">What it is stored as.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct ScratchDisk(DiskFormat Format, ulong Size);

/// <summary>The machine that both sides give a guest: one processor on the virt board, a serial console.</summary>
internal sealed record GuestMachine
{
    /// <summary>RAM, as both command lines take it.</summary>
    public string Memory { get; init; } = "1G";

    /// <summary>The version of the interrupt controller.</summary>
    public string Gic { get; init; } = "3";

    /// <summary>The image in the first flash, or null.</summary>
    public string? Firmware { get; init; }

    /// <summary>The image in the second flash, of which each start gets a fresh copy, or null.</summary>
    public string? Variables { get; init; }

    public string? Kernel { get; init; }

    public string? Initrd { get; init; }

    public string? CommandLine { get; init; }

    /// <summary>Read-only disks; the first is the guest's first.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>Disks that the guest may write, of the size each, made anew for each start, before the last of <see cref="Disks"/>.</summary>
    public IReadOnlyList<ScratchDisk> Scratch { get; init; } = [];

    /// <summary>A network of passt, in which 10.0.2.2 is the host.</summary>
    public bool HasNetwork { get; init; }

    /// <summary>Disks and network are PCIe functions, not memory-mapped devices.</summary>
    public bool OnPci { get; init; }

    /// <summary>Every file that it needs.</summary>
    public IEnumerable<string> Files => new[] { Firmware, Variables, Kernel, Initrd }.OfType<string>().Concat(Disks);
}
