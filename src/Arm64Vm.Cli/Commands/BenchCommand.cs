using System.CommandLine;
using System.Globalization;
using Arm64Vm.Cli.Bench;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Bench.Reports;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Files;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm bench</c>.</summary>
internal static class BenchCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("bench", "Measures guest workloads, in turns with QEMU where it is found, and prints medians, ratios and what the workloads did. Ratios above 1 mean that arm64vm is faster. docs/benchmarks.md tells more.");
        Option<string> suite = new("--suite") { Description = "Kernels of the embedded firmware, boots of fetched guests, programs under Linux; io: its disks and network, not part of all", HelpName = "kernels|boot|linux|io|all", DefaultValueFactory = _ => BenchOptions.All };
        suite.AcceptOnlyFromAmong("kernels", "boot", "linux", "io", BenchOptions.All);
        Option<string[]> filter = new("--filter") { Description = "Only workloads with such names, such as gzip, 'sha*' or 'kernels/*'; may be repeated", HelpName = "PATTERN", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<int> rounds = new("--rounds") { Description = "Rounds; five or more let --baseline tell noise from change", HelpName = "N", DefaultValueFactory = _ => 3 };
        Option<string> seconds = new("--seconds") { Description = "Time for each kernel of the firmware", HelpName = "SECONDS", DefaultValueFactory = _ => "0.5" };
        Option<string?> peer = new("--peer") { Description = "QEMU: an executable, a script that runs it, or a root folder with it; without the option $ARM64VM_GUESTS/peer or PATH", HelpName = "PATH|none" };
        Option<string> peerCpu = new("--peer-cpu") { Description = "Its CPU model", HelpName = "MODEL", DefaultValueFactory = _ => "max" };
        Option<string> codeCache = new("--code-cache") { Description = "Where our side keeps translated code from one run to the next, as with boot; off: every run translates all that it needs", HelpName = "DIR|on|off", DefaultValueFactory = _ => CodeCacheOption.Off };
        Option<string?> native = new("--native") { Description = "Run the Linux suite's programs on the host as well, from a root folder of its own Debian packages (fetch-guests.sh native), or from /", HelpName = "DIR" };
        Option<string?> ours = new("--ours") { Description = "Measure another build", HelpName = "FILE" };
        Option<string?> guests = new("--guests") { Description = "Folder of fetched guests, by default $ARM64VM_GUESTS or ~/.cache/arm64vm-guests", HelpName = "DIR" };
        Option<string?> script = new("--script") { Description = "A script for the Linux suite instead of the product's", HelpName = "FILE" };
        Option<string?> json = new("--json") { Description = "Every sample as JSON: to a file, or without one to standard output instead of the tables", HelpName = "FILE", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> html = new("--html") { Description = "Charts and tables as one HTML file", HelpName = "FILE" };
        Option<bool> markdown = new("--markdown") { Description = "Tables as Markdown" };
        Option<string?> baseline = new("--baseline") { Description = "Compare with the JSON of an earlier run; status 3 where something has become slower beyond noise", HelpName = "FILE" };
        Option<bool> noCounters = new("--no-counters") { Description = "Leave out the run that counts instructions, host bytes and exits" };
        Option<string?> timeout = new("--timeout") { Description = "The longest that one run of one side may take [default: 120, Linux 1200]", HelpName = "SECONDS" };
        Option<string?> firmware = new("--firmware") { Description = "Measure a boot of one's own instead: an image for the first flash", HelpName = "FILE" };
        Option<string?> vars = new("--vars") { Description = "One for the second flash, copied for each start", HelpName = "FILE" };
        Option<string?> kernel = new("--kernel") { Description = "A kernel", HelpName = "FILE" };
        Option<string?> initrd = new("--initrd") { Description = "Its initial RAM disk", HelpName = "FILE" };
        Option<string?> append = new("--append") { Description = "Its command line", HelpName = "TEXT" };
        Option<string[]> disk = new("--disk") { Description = "A raw disk, read-only; may be repeated", HelpName = "FILE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<string> memory = new("--memory") { Description = "Its RAM", HelpName = "SIZE", DefaultValueFactory = _ => "1G" };
        Option<string> gic = new("--gic") { Description = "Its interrupt controller", HelpName = "2|3", DefaultValueFactory = _ => "3" };
        gic.AcceptOnlyFromAmong("2", "3");
        Option<string?> until = new("--until") { Description = "The text on its console that ends it; without one it switches itself off", HelpName = "TEXT" };
        Option<string> countdown = new("--countdown") { Description = "Time that it counts down, taken off", HelpName = "SECONDS", DefaultValueFactory = _ => "0" };
        foreach (var option in (ReadOnlySpan<Option>)[suite, filter, rounds, seconds, peer, peerCpu, codeCache, native, ours, guests, script, json, html, markdown, baseline, noCounters, timeout, firmware, vars, kernel, initrd, append, disk, memory, gic, until, countdown])
            command.Add(option);
        foreach (var option in (ReadOnlySpan<Option>)[peer, native, ours, guests, script, html, baseline, firmware, vars, kernel, initrd, until])
            NotEmpty.Require(option, "the value");
        NotEmpty.Require(filter, "the pattern");
        NotEmpty.Require(codeCache, "the folder's name");
        NotEmpty.Require(json, "the file's name");

        command.SetAction(parsed =>
        {
            var machine = new GuestMachine
            {
                Firmware = parsed.GetValue(firmware),
                Variables = parsed.GetValue(vars),
                Kernel = parsed.GetValue(kernel),
                Initrd = parsed.GetValue(initrd),
                CommandLine = parsed.GetValue(append),
                Disks = parsed.GetValue(disk) ?? [],
                Memory = parsed.GetValue(memory)!,
                Gic = parsed.GetValue(gic)!,
            };
            var hasBoot = machine.Firmware is not null || machine.Kernel is not null;
            foreach (var option in (ReadOnlySpan<Option>)[vars, initrd, append, disk, memory, gic, until, countdown])
            {
                if (!hasBoot && parsed.GetResult(option) is { Implicit: false })
                    throw CliException.Usage($"{option.Name} needs --firmware or --kernel");
            }

            if (machine is { Variables: not null, Firmware: null })
                throw CliException.Usage("--vars needs --firmware");
            var count = parsed.GetValue(rounds);
            if (count is not (>= 1 and <= 1000))
                throw CliException.Usage("--rounds: between 1 and 1000");
            var options = new BenchOptions
            {
                Suite = parsed.GetValue(suite)!,
                Filter = parsed.GetValue(filter) ?? [],
                Rounds = count,
                Seconds = Number(seconds.Name, parsed.GetValue(seconds)!, least: 0.001),
                Ours = parsed.GetValue(ours),
                Peer = parsed.GetValue(peer),
                PeerCpu = parsed.GetValue(peerCpu)!,
                CodeCache = parsed.GetValue(codeCache)!,
                Native = parsed.GetValue(native),
                Images = parsed.GetValue(guests) ?? BenchOptions.DefaultImages(),
                Script = parsed.GetValue(script),
                Boot = hasBoot ? machine : null,
                BootUntil = parsed.GetValue(until),
                BootCountdown = TimeSpan.FromSeconds(Number(countdown.Name, parsed.GetValue(countdown)!, least: 0)),
                Timeout = TimeLimit.Parse(parsed.GetValue(timeout)),
                Counts = !parsed.GetValue(noCounters),
            };
            var output = new BenchOutput
            {
                PrintsJson = parsed.GetResult(json) is not null && parsed.GetValue(json) is null,
                JsonFile = parsed.GetValue(json),
                HtmlFile = parsed.GetValue(html),
                Markdown = parsed.GetValue(markdown),
                BaselineFile = parsed.GetValue(baseline),
            };
            CheckUses(options, output, streams);
            return Run(options, output, streams);
        });
        return command;
    }

    private static int Run(BenchOptions options, BenchOutput output, CliStreams streams)
    {
        output.CheckFiles();
        var earlier = output.ReadBaseline();
        using var cancellation = new CancellationTokenSource();
        var signal = 0;
        using var signals = streams.IsProcess ? new Signals(number =>
        {
            Interlocked.CompareExchange(ref signal, number, 0);
            cancellation.Cancel();
        }, Terminal.RawTerminal.StopProcess) : null;
        var report = new BenchSession(options, streams).Run(cancellation.Token);
        var isSlower = output.Write(report, earlier, streams);
        if (Volatile.Read(ref signal) is > 0 and var number)
            return ExitStatus.SignalBase + number;
        foreach (var failure in report.Failures)
            streams.Error.WriteLine($"{Application.Name}: {failure}");
        return report.Failures.Count > 0 ? ExitStatus.Failure : isSlower ? ExitStatus.Slower : ExitStatus.Success;
    }

    /// <exception cref="CliException">A report would overwrite what is measured, another report, or what it is compared with.</exception>
    private static void CheckUses(BenchOptions options, BenchOutput output, CliStreams streams)
    {
        var uses = new FileUses();
        if (streams.IsProcess)
            uses.AddStandardStreams();
        uses.Reads("--ours", options.Ours);
        uses.Reads("--script", options.Script);
        uses.Reads("--baseline", output.BaselineFile);
        if (options.Boot is { } machine)
        {
            uses.Reads("--firmware", machine.Firmware);
            uses.Reads("--vars", machine.Variables);
            uses.Reads("--kernel", machine.Kernel);
            uses.Reads("--initrd", machine.Initrd);
            foreach (var disk in machine.Disks)
                uses.Reads("--disk", disk);
        }

        uses.Writes("--json", output.JsonFile);
        uses.Writes("--html", output.HtmlFile);
        uses.Check();
    }

    private static double Number(string name, string value, double least) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= least && number <= 3600
            ? number
            : throw CliException.Usage($"{name}: '{value}' is not a number of seconds between {least.ToString(CultureInfo.InvariantCulture)} and 3600");
}
