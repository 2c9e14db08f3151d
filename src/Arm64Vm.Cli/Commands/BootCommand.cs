using System.CommandLine;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Files;
using Arm64Vm.Cli.Serial;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm boot</c>.</summary>
internal static class BootCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("boot", "Boots a machine. On a terminal every key goes to the guest; Ctrl-A opens a menu (Ctrl-A h lists it, Ctrl-A x quits).");
        var machine = new MachineOptions(command, hasBackend: true);
        var consoles = new ConsoleOptions(command);
        Option<string?> screenshot = new("--screenshot") { Description = "A display (ramfb, which EDK2 draws on), and its picture at the end as a PNG file", HelpName = "FILE" };
        Option<string> escape = new("--escape") { Description = "The key that opens the menu on a terminal, such as ctrl-a or ^]; none: every key is the guest's", HelpName = "KEY", DefaultValueFactory = _ => "ctrl-a" };
        Option<string[]> until = new("--until") { Description = "End with status 0 as soon as the console has printed this; may be repeated", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<string[]> fail = new("--fail") { Description = "End with status 1 as soon as the console has printed this; may be repeated", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<string?> timeout = TimeLimit.Option();
        Option<bool> noReboot = new("--no-reboot") { Description = "End when the guest resets the machine" };
        Option<string?> dumpTree = new("--dump-dtb") { Description = "Write the device tree to a file, or with - to standard output, and end", HelpName = "FILE" };
        Option<string?> stats = new("--stats") { Description = "Print counters at the end, and a line for each phase of the boot, as text or JSON", HelpName = "json", Arity = ArgumentArity.ZeroOrOne };
        Option<string[]> statsAt = new("--stats-at") { Description = "With --stats: counters also when the console first prints this; may be repeated", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        var debugging = new DebugOptions(command);
        var tracing = new TraceOptions(command);
        Option<int?> copies = new("--copies") { Description = "Boot so many isolated copies in one process, without input; the status is the highest", HelpName = "N" };
        Option<bool> prefix = new("--prefix") { Description = "With --copies: lines begin with the copy's number" };
        stats.AcceptOnlyFromAmong("text", "json");
        foreach (var option in (ReadOnlySpan<Option>)[screenshot, escape, until, fail, timeout, noReboot, dumpTree, stats, statsAt, copies, prefix])
            command.Add(option);
        NotEmpty.Require(until, "the text");
        NotEmpty.Require(fail, "the text");
        NotEmpty.Require(statsAt, "the text");
        NotEmpty.Require(screenshot, "the file's name");
        NotEmpty.Require(dumpTree, "the file's name");

        command.SetAction(parsed =>
        {
            using var ports = consoles.Bind(parsed, streams);
            var limit = TimeLimit.Parse(parsed.GetValue(timeout));
            // Many machines would keep the same code many times, and code that counts is other code.
            var keepsCode = parsed.GetValue(copies) is null && parsed.GetResult(stats) is null;
            var config = machine.Bind(parsed, kernel: null, streams.Error, keepsCode) with { NoReboot = parsed.GetValue(noReboot), TracksPhases = parsed.GetResult(stats) is not null, HasDisplay = parsed.GetValue(screenshot) is not null || debugging.Vnc(parsed) is not null, HasInput = debugging.Vnc(parsed) is not null, StartsPaused = debugging.StartsPaused(parsed) };
            using var traceFile = tracing.File(parsed);
            using var trace = tracing.Start(parsed, traceFile);
            config = ports.Configure(config) with { Trace = trace };
            var tree = parsed.GetValue(dumpTree);
            if (parsed.GetValue(copies) is { } count)
            {
                foreach (var option in (ReadOnlySpan<Option>)[.. consoles.Further, screenshot, dumpTree, stats, statsAt, .. debugging.All, .. tracing.All])
                {
                    if (parsed.GetResult(option) is { Implicit: false })
                        throw CliException.Usage($"--copies does not go with {option.Name}");
                }

                if (!ports.Serial.IsPlain)
                    throw CliException.Usage("--copies: the consoles go to stdio or none");
                CopiesSession.Check(count, config);
                return new CopiesSession(streams)
                {
                    Config = config,
                    Count = count,
                    HasPrefix = parsed.GetValue(prefix),
                    IsEmbeddedFirmware = machine.BootsEmbeddedFirmware(parsed),
                    Until = parsed.GetValue(until) ?? [],
                    Fail = parsed.GetValue(fail) ?? [],
                    Timeout = limit,
                }.Run();
            }

            if (parsed.GetResult(statsAt) is not null && parsed.GetResult(stats) is null)
                throw CliException.Usage("--stats-at needs --stats");
            if (parsed.GetValue(prefix))
                throw CliException.Usage("--prefix needs --copies");
            var session = new BootSession(streams)
            {
                Config = config,
                IsEmbeddedFirmware = machine.BootsEmbeddedFirmware(parsed),
                Ports = ports.All,
                TraceFile = traceFile,
                EscapeKey = EscapeKey.Parse(parsed.GetValue(escape)!),
                Until = parsed.GetValue(until) ?? [],
                Fail = parsed.GetValue(fail) ?? [],
                Timeout = limit,
                DeviceTreeFile = tree,
                ScreenshotFile = parsed.GetValue(screenshot),
                StatisticsAt = parsed.GetValue(statsAt) ?? [],
                Gdb = debugging.Gdb(parsed),
                Qmp = debugging.Qmp(parsed),
                Vnc = debugging.Vnc(parsed),
                VariablesToMake = machine.VariablesToMake(parsed),
                Statistics = parsed.GetResult(stats) is null ? StatisticsFormat.None
                    : parsed.GetValue(stats) == "json" ? StatisticsFormat.Json
                    : StatisticsFormat.Text,
            };
            var uses = new FileUses();
            if (streams.IsProcess)
                uses.AddStandardStreams();
            uses.AddMachine(config, "--kernel", isKept: true);
            if (tree is not null)
                uses.Writes("--dump-dtb", tree == BootSession.StandardOutput ? null : tree);
            else
            {
                ports.AddTo(uses);
                uses.Writes("--trace-file", tracing.FileName(parsed));
                uses.Writes("--screenshot", parsed.GetValue(screenshot));
            }

            uses.Check();
            return session.Run();
        });
        return command;
    }
}
