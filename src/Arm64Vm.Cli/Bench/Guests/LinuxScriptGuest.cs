using System.Text;
using System.Text.RegularExpressions;
using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>Linux with a root disk; a script on a second disk does the work and prints the results, by the guest's clock.</summary>
internal sealed partial class LinuxScriptGuest : Guest
{
    private const int ScriptDiskSize = 65536;

    /// <summary>The name of the shell's variable with a pattern of the workloads to run (firmware/guests/workloads.sh).</summary>
    private const string OnlyVariable = "ARM64VM_ONLY";

    private const string LinuxSuite = "linux";

    private readonly string _className;

    /// <param name="name">What it is called.</param>
    /// <param name="className">The class of its workloads; null: each RESULT line's own.</param>
    /// <param name="script">The shell script.</param>
    /// <param name="wanted">Whether a workload is to run.</param>
    /// <param name="images">Folder with the kernel, the initial RAM disk and the root disk.</param>
    /// <param name="work">Folder for the script's disk.</param>
    /// <param name="suite">What its workloads belong to.</param>
    /// <param name="change">What the machine has beside its root disk.</param>
    /// <exception cref="CliException">An image is missing, or the script is too large.</exception>
    public LinuxScriptGuest(string name, string className, string script, Func<string, bool> wanted, string images, string work, string suite = LinuxSuite, Func<GuestMachine, GuestMachine>? change = null)
    {
        Name = name;
        Suite = suite;
        _className = className;
        var all = WorkloadNames().Matches(script).Select(match => match.Groups[1].Value).Distinct().ToList();
        Workloads = [.. all.Where(wanted)];
        if (Workloads.Count < all.Count)
            script = $"{OnlyVariable}='@({string.Join('|', Workloads)})'\n{script}";
        var content = Encoding.UTF8.GetBytes(script);
        if (content.Length > ScriptDiskSize)
            throw CliException.Failure($"the script '{name}' is larger than {ScriptDiskSize} bytes");
        ScriptFile = Path.Combine(work, $"{name}.sh");
        File.WriteAllBytes(ScriptFile, content);
        var disk = Path.Combine(work, $"{name}.script");
        Array.Resize(ref content, ScriptDiskSize);
        File.WriteAllBytes(disk, content);
        var machine = new GuestMachine
        {
            Memory = "2G",
            Kernel = Existing(Path.Combine(images, "Image")),
            Initrd = Existing(Path.Combine(images, "initrd.gz")),
            CommandLine = "console=ttyAMA0 quiet panic=-1",
            Disks = [Existing(Path.Combine(images, "rootfs.img")), disk],
        };
        Machine = change is null ? machine : change(machine);
    }

    public override string Name { get; }

    public override string Suite { get; }

    public override GuestMachine Machine { get; }

    public override string? ScriptFile { get; }

    /// <summary>Only what needs nothing but the root disk runs on the host as well.</summary>
    public override bool RunsOnHost => Suite == LinuxSuite;

    public override IReadOnlyList<string> Workloads { get; }

    public override IReadOnlyList<string> Until => ["\nDONE"];

    public override IReadOnlyList<CounterSpan> Spans => [.. Workloads.Select(workload => new CounterSpan(workload, $"RUN {workload}\r", $"RESULT {workload} "))];

    public override string? Problem(ConsoleRun run)
    {
        if (run.Milestones is [null, ..])
            return run.Text.Contains("BOOT-OK", StringComparison.Ordinal) ? "the script did not finish" : "no BOOT-OK";
        return GuestLog.FailedResults(run.Text) is { Count: > 0 } failed ? string.Join(", ", failed) : null;
    }

    public override List<Sample> Samples(ConsoleRun run) => GuestLog.Results(run.Text, _className);

    /// <summary>Lines that run a workload.</summary>
    [GeneratedRegex(@"^ *(?:timed|speed) ([A-Za-z0-9][A-Za-z0-9._-]*) ", RegexOptions.Multiline)]
    private static partial Regex WorkloadNames();
}
