namespace Arm64Vm.Bench.SideBySide;

/// <summary>The embedded firmware's kernels.</summary>
internal sealed class KernelGuest(Options options) : Guest
{
    public override GuestMachine Machine { get; } = new()
    {
        Kernel = Existing(options.Image),
        CommandLine = $"selftest=0 seconds={options.Seconds}{(options.Kernels is null ? "" : $" kernels={options.Kernels}")}",
    };

    public override string? Problem(ConsoleRun run) =>
        run.Text.Contains("FIRMWARE OK", StringComparison.Ordinal) ? null : "the firmware did not report success";

    public override List<Sample> Samples(ConsoleRun run) => GuestLog.Kernels(run.Text);
}
