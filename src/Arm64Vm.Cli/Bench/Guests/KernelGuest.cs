using System.Globalization;
using Arm64Vm.Cli.Bench.Runs;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>The embedded firmware's kernels: time per unit of work, by the guest's clock.</summary>
internal sealed class KernelGuest(string image, double seconds, IReadOnlyList<string> kernels) : Guest
{
    public override string Name => kernels is [var only] ? only : "kernels of the firmware";

    public override string Suite => "kernels";

    public override IReadOnlyList<string> Workloads => kernels;

    public override GuestMachine Machine { get; } = new()
    {
        Kernel = Existing(image),
        CommandLine = string.Create(CultureInfo.InvariantCulture, $"selftest=0 seconds={seconds:0.#########} kernels={(kernels.Count == 0 ? "none" : string.Join(',', kernels))}"),
    };

    /// <summary>One by one: a kernel's code is translated in the moment in which the line of the one before is printed.</summary>
    public override IReadOnlyList<Guest> Parts => [.. kernels.Select(kernel => new KernelGuest(image, seconds, [kernel]))];

    public override Guest? Idle => new KernelGuest(image, seconds, []);

    public override string? Problem(ConsoleRun run) =>
        run.Text.Contains("FIRMWARE OK", StringComparison.Ordinal) ? null : "the firmware did not report success";

    public override List<Sample> Samples(ConsoleRun run) => GuestLog.Kernels(run.Text);
}
