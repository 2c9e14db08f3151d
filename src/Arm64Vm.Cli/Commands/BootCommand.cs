using System.CommandLine;
using System.Globalization;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm boot</c>.</summary>
internal static class BootCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("boot", "Boots a machine.\n\nStatus: 0 the guest switched it off (or reset it with --no-reboot, or printed the --until text), the guest's own status for a semihosting exit, "
            + "124 time-out, 128 and its number for a signal, 2 wrong usage, 1 any other failure.\n\nOn a terminal every key goes to the guest; Ctrl-A opens a menu (Ctrl-A h lists it, Ctrl-A x quits).");
        var machine = new MachineOptions(command, hasBackend: true);
        Option<string> serial = new("--serial") { Description = "The guest's serial console", HelpName = "stdio|file:PATH|none", DefaultValueFactory = _ => "stdio" };
        Option<string> virtioConsole = new("--virtio-console") { Description = "A virtio console (hvc0) beside the serial one; with stdio the serial one must go elsewhere", HelpName = "stdio|file:PATH|none", DefaultValueFactory = _ => "none" };
        Option<string> escape = new("--escape") { Description = "The key that opens the menu on a terminal, such as ctrl-a or ^]; none: every key is the guest's", HelpName = "KEY", DefaultValueFactory = _ => "ctrl-a" };
        Option<string?> until = new("--until") { Description = "End with status 0 when the console has printed this", HelpName = "TEXT" };
        Option<string?> timeout = new("--timeout") { Description = "End with status 124 after so long", HelpName = "SECONDS" };
        Option<bool> noReboot = new("--no-reboot") { Description = "End when the guest resets the machine" };
        Option<string?> dumpTree = new("--dump-dtb") { Description = "Write the device tree to a file and end", HelpName = "FILE" };
        Option<string?> stats = new("--stats") { Description = "Print counters at the end, and a line for each phase of the boot, as text or JSON", HelpName = "json", Arity = ArgumentArity.ZeroOrOne };
        stats.AcceptOnlyFromAmong("text", "json");
        foreach (var option in (ReadOnlySpan<Option>)[serial, virtioConsole, escape, until, timeout, noReboot, dumpTree, stats])
            command.Add(option);

        command.SetAction(parsed =>
        {
            if (parsed.GetValue(until) is "")
                throw CliException.Usage("--until: the text must not be empty");
            var target = SerialTarget.Parse(parsed.GetValue(serial)!);
            var second = SerialTarget.Parse(parsed.GetValue(virtioConsole)!, "--virtio-console");
            if (target.Kind == SerialKind.Stdio && second.Kind == SerialKind.Stdio)
                throw CliException.Usage("--virtio-console: the serial console is on stdio; say --serial none or file:PATH");
            var limit = ParseTimeout(parsed.GetValue(timeout));
            using var output = new OwnedOutput(target, streams);
            using var secondOutput = new OwnedOutput(second, streams);
            var session = new BootSession(streams)
            {
                Config = machine.Bind(parsed, kernel: null, streams.Error) with { NoReboot = parsed.GetValue(noReboot), SerialOutput = output.Stream, HasVirtioConsole = second.Kind != SerialKind.None, VirtioConsoleOutput = secondOutput.Stream, TracksPhases = parsed.GetResult(stats) is not null },
                IsEmbeddedFirmware = machine.BootsEmbeddedFirmware(parsed),
                TakesInput = target.Kind == SerialKind.Stdio || second.Kind == SerialKind.Stdio,
                UsesVirtioConsole = second.Kind == SerialKind.Stdio,
                EscapeKey = EscapeKey.Parse(parsed.GetValue(escape)!),
                Until = parsed.GetValue(until),
                Timeout = limit,
                DeviceTreeFile = parsed.GetValue(dumpTree),
                Statistics = parsed.GetResult(stats) is null ? StatisticsFormat.None
                    : parsed.GetValue(stats) == "json" ? StatisticsFormat.Json
                    : StatisticsFormat.Text,
            };
            return session.Run();
        });
        return command;
    }

    private static TimeSpan? ParseTimeout(string? text)
    {
        if (text is null)
            return null;
        const double Longest = 1e9;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds is not (> 0 and <= Longest))
            throw CliException.Usage($"--timeout: '{text}' is not a number of seconds");
        return TimeSpan.FromSeconds(seconds);
    }

    /// <summary>The console's output; a file is closed at the end, standard output is not.</summary>
    private readonly struct OwnedOutput(SerialTarget target, CliStreams streams) : IDisposable
    {
        public Stream? Stream { get; } = target.Open(streams);

        public void Dispose()
        {
            if (target.Kind == SerialKind.File)
                Stream!.Dispose();
        }
    }
}
