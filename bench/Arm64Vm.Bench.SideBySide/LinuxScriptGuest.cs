namespace Arm64Vm.Bench.SideBySide;

/// <summary>Linux with a root disk; a script on a second disk does the work and prints the results.</summary>
internal sealed class LinuxScriptGuest : Guest
{
    private const int ScriptDiskSize = 65536;
    private readonly string _scriptDisk = Path.Combine(Path.GetTempPath(), $"side-by-side.{Environment.ProcessId}.script");

    /// <exception cref="UsageException">The script or an image is missing, or the script is too large.</exception>
    public LinuxScriptGuest(Options options)
    {
        byte[] script = File.ReadAllBytes(Existing(options.Script));
        if (script.Length > ScriptDiskSize)
            throw new UsageException($"{options.Script} is larger than {ScriptDiskSize} bytes");
        Machine = new GuestMachine
        {
            Memory = "2G",
            Kernel = Existing(Path.Combine(options.Guests, "Image")),
            Initrd = Existing(Path.Combine(options.Guests, "initrd.gz")),
            CommandLine = "console=ttyAMA0 quiet panic=-1",
            Disks = [Existing(Path.Combine(options.Guests, "rootfs.img")), _scriptDisk],
        };
        Array.Resize(ref script, ScriptDiskSize);
        File.WriteAllBytes(_scriptDisk, script);
    }

    public override GuestMachine Machine { get; }

    public override IReadOnlyList<string> Until => ["BOOT-OK", "\nDONE"];

    public override string? Problem(ConsoleRun run) => run.Milestones switch
    {
        [null, ..] => "no BOOT-OK",
        [_, null] => "the script did not finish",
        _ => GuestLog.FailedResults(run.Text) is { Count: > 0 } failed ? string.Join(", ", failed) : null,
    };

    public override List<Sample> Samples(ConsoleRun run)
    {
        List<Sample> samples = GuestLog.Results(run.Text);
        if (run.Milestones[0] is TimeSpan booted)
            samples.Insert(0, new Sample("boot", "boot", booted.TotalNanoseconds));
        return samples;
    }

    public override void Dispose() => File.Delete(_scriptDisk);
}
