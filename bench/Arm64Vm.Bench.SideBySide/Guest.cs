using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>One kind of guest: how to start it, what to wait for, what its console means.</summary>
internal abstract class Guest : IDisposable
{
    public abstract string Title { get; }

    /// <summary>The texts that end a run, when it does not end by itself.</summary>
    public virtual IReadOnlyList<string> Until => [];

    public abstract ProcessStartInfo Start(IEmulator emulator);

    /// <summary>Why the run does not count as a success, or null.</summary>
    public abstract string? Problem(ConsoleRun run);

    public abstract List<Sample> Samples(ConsoleRun run);

    public virtual void Dispose()
    {
    }

    /// <exception cref="UsageException">A file of the guest is missing.</exception>
    public static Guest For(Options options) => options.Mode switch
    {
        Mode.Kernels => new KernelGuest(options),
        Mode.Boot => new BootGuest(options),
        _ => new LinuxScriptGuest(options),
    };

    protected static string Existing(string file) =>
        File.Exists(file) ? Path.GetFullPath(file) : throw new UsageException($"no {file}");
}

/// <summary>The embedded firmware's kernels.</summary>
internal sealed class KernelGuest(Options options) : Guest
{
    private readonly string _image = Existing(options.Image);
    private readonly string _commandLine =
        $"selftest=0 seconds={options.Seconds}{(options.Kernels is null ? "" : $" kernels={options.Kernels}")}";

    public override string Title => $"Kernels of the embedded firmware, {options.Seconds} s each, time per unit of work";

    public override ProcessStartInfo Start(IEmulator emulator) => emulator.BareMetal(_image, _commandLine);

    public override string? Problem(ConsoleRun run) =>
        run.Text.Contains("FIRMWARE OK", StringComparison.Ordinal) ? null : "the firmware did not report success";

    public override List<Sample> Samples(ConsoleRun run) => GuestLog.Kernels(run.Text);
}

/// <summary>Firmware, until its console shows something.</summary>
internal sealed class BootGuest(Options options) : Guest
{
    private readonly string _image = Existing(options.Firmware!);

    public override string Title => $"Boot of {Path.GetFileName(_image)}, time to a text on the console";

    public override IReadOnlyList<string> Until => options.Until;

    public override ProcessStartInfo Start(IEmulator emulator) => emulator.Firmware(_image);

    public override string? Problem(ConsoleRun run)
    {
        int missing = Array.IndexOf(run.Milestones, null);
        return missing < 0 ? null : $"'{options.Until[missing]}' never came";
    }

    public override List<Sample> Samples(ConsoleRun run)
    {
        List<Sample> samples = [];
        for (int i = 0; i < run.Milestones.Length; i++)
        {
            if (run.Milestones[i] is TimeSpan time)
                samples.Add(new Sample($"'{options.Until[i]}'", "boot", time.TotalNanoseconds));
        }

        return samples;
    }
}

/// <summary>Linux with a root disk; a script on a second disk does the work and prints the results.</summary>
internal sealed class LinuxScriptGuest : Guest
{
    private const int ScriptDiskSize = 65536;
    private readonly LinuxGuest _guest;

    public LinuxScriptGuest(Options options)
    {
        byte[] script = File.ReadAllBytes(Existing(options.Script));
        if (script.Length > ScriptDiskSize)
            throw new UsageException($"{options.Script} is larger than {ScriptDiskSize} bytes");
        string disk = Path.Combine(Path.GetTempPath(), $"side-by-side.{Environment.ProcessId}.script");
        Array.Resize(ref script, ScriptDiskSize);
        File.WriteAllBytes(disk, script);
        _guest = new LinuxGuest(
            Existing(Path.Combine(options.Guests, "Image")),
            Existing(Path.Combine(options.Guests, "initrd.gz")),
            Existing(Path.Combine(options.Guests, "rootfs.img")),
            disk,
            "console=ttyAMA0 quiet panic=-1");
    }

    public override string Title => "Programs under Linux, by the guest's clock; 'boot' by the host's";

    public override IReadOnlyList<string> Until => ["BOOT-OK", "\nDONE"];

    public override ProcessStartInfo Start(IEmulator emulator) => emulator.Linux(_guest);

    public override string? Problem(ConsoleRun run) => run.Milestones switch
    {
        [null, ..] => "no BOOT-OK",
        [_, null] => "the script did not finish",
        _ => null,
    };

    public override List<Sample> Samples(ConsoleRun run)
    {
        List<Sample> samples = GuestLog.Results(run.Text);
        if (run.Milestones[0] is TimeSpan booted)
            samples.Insert(0, new Sample("boot", "boot", booted.TotalNanoseconds));
        return samples;
    }

    public override void Dispose() => File.Delete(_guest.Script);
}
