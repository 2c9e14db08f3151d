namespace Arm64Vm.Bench.SideBySide;

internal static class Program
{
    private const string Help =
        """
        side-by-side: runs the same guest on Arm64Vm and on QEMU, in turn, and compares.

        side-by-side kernels [--kernels LIST] [--seconds S]   the embedded firmware's kernels: time per unit of work
        side-by-side boots [--boots LIST]                     the fetched firmware and kernels: time to a prompt, or to power-off
        side-by-side boot --firmware FILE --until TEXT...     time from start until the console shows each text
        side-by-side boot --kernel FILE [--initrd FILE]       time from start to power-off; or --until
        side-by-side linux [--script FILE]                    Linux with a root disk: the RESULT lines of a script

        --ours FILE      the arm64vm executable (default artifacts/aot/arm64vm)
        --peer DIR       a root folder with QEMU in it; without it, QEMU in $ARM64VM_GUESTS/peer, else on PATH
        --cpu MODEL      the peer's CPU model (default max)
        --guests DIR     where fetch-guests.sh put its images (default $ARM64VM_GUESTS)
        --image FILE     the firmware image for both (default firmware/embedded/arm64vm-firmware.elf)
        --rounds N       rounds; the order changes with each, the table shows medians (default 3)
        --timeout S      the longest that one run may take (default 120; linux: 600)

        boot, for both sides alike: --firmware FILE, --vars FILE, --kernel FILE, --initrd FILE, --append TEXT, --disk FILE (read-only),
        --memory SIZE, --gic 2|3, and
        --press TEXT     press a key when the console shows this
        --countdown S    seconds that the guest spends counting down: taken off each time

        --format F       text, markdown or json (default text)
        --output FILE    also write the report there
        --verbose        show both consoles

        The table has each side's median, the ratio of the medians, that of the best rounds, and the range over the rounds.
        A ratio above 1 means that Arm64Vm is faster. Exit status: 0 when every run ended as expected, 1 otherwise, 2 for wrong usage.
        """;

    private static int Main(string[] args)
    {
        if (args.Length == 0 || Array.IndexOf(args, "--help") >= 0 || Array.IndexOf(args, "-h") >= 0)
        {
            Console.WriteLine(Help);
            return args.Length == 0 ? 2 : 0;
        }

        try
        {
            Options options = Options.Parse(args);
            using OurEmulator ours = new(options);
            using PeerEmulator peer = new(options);
            Report report = Comparison.Run(options, ours, peer);
            ReportWriter.Write(report, options.Format, Console.Out);
            if (options.Output is not null)
            {
                using StreamWriter file = new(options.Output);
                ReportWriter.Write(report, options.Format, file);
            }

            return report.Failures.Count == 0 ? 0 : 1;
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine($"side-by-side: {e.Message}");
            return 2;
        }
    }
}
