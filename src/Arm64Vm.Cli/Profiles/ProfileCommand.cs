using System.CommandLine;
using System.CommandLine.Parsing;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Files;
using Arm64Vm.Cli.Monitoring;
using Arm64Vm.Cli.Serial;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm profile</c>.</summary>
internal static class ProfileCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("profile", "Boots a machine as 'boot' does and records where its time goes: which guest code is hot, what it was translated into, why emitted code was left and thrown away. With --attach it records a machine that runs already, whatever it was started with; the guest stands still for a moment at the beginning and the end, and goes on. Read the file with 'arm64vm report'. A reset of the guest ends the recording.");
        var machine = new MachineOptions(command, hasBackend: false);
        Option<string> output = new("--output") { Description = "Where the profile goes", HelpName = "FILE", Required = true };
        Option<string?> duration = new("--duration") { Description = "End well after so long", HelpName = "SECONDS" };
        Option<string[]> until = new("--until") { Description = "End well as soon as the console has printed this; may be repeated", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<bool> exact = new("--exact") { Description = "Count every entry of every block, which slows the guest down" };
        Option<string?> interval = new("--interval") { Description = "Microseconds between two samples of a processor. Without: 997, or up to 19,940 where the host takes long to interrupt a thread, so that samples take about one percent of the guest's time", HelpName = "MICROSECONDS" };
        Option<string?> attach = new("--attach") { Description = "Record this running machine instead of booting one: the number of its process, the machine's name ('arm64vm top' shows it), or both. Ends after --duration, with Ctrl-C, or when the machine ends", HelpName = "PID|NAME|PID/NAME" };
        Option<string[]> symbols = new("--symbols", "--elf") { Description = "ELF file or System.map with symbols, of the kernel or of programs and libraries that it runs, or a folder of such; may be repeated. The embedded firmware's and those that a Linux kernel carries in memory are found without", HelpName = "FILE|DIR", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<string> serial = new("--serial") { Description = "The guest's serial console", HelpName = SerialTarget.Syntax, DefaultValueFactory = _ => "stdio" };
        Option<bool> perfMap = new("--perf-map") { Description = "Write /tmp/perf-PID.map at the end, for the host's perf: names of emitted code" };
        Option<string?> jitDump = new("--jitdump") { Description = "Write jit-PID.dump into this folder, for 'perf inject --jit': names and bytes of emitted code. 'perf record' needs -k mono", HelpName = "DIR" };
        var timeout = TimeLimit.Option();
        foreach (var option in (ReadOnlySpan<Option>)[output, attach, duration, until, exact, interval, symbols, serial, perfMap, jitDump, timeout])
            command.Add(option);
        serial.CompletionSources.Add(context => Completions.OfList(context, ["stdio", "file:", "pty", "tcp:", "unix:", "none"], ["server", "nowait"]));
        NotEmpty.Require(output, "the file's name");
        NotEmpty.Require(attach, "the machine");
        NotEmpty.Require(until, "the text");
        NotEmpty.Require(symbols, "the file's name");
        command.SetAction(parsed =>
        {
            var options = new RecordingOptions
            {
                Interval = parsed.GetValue(interval) is { } microseconds ? ParseInterval(microseconds) : null,
                IsExact = parsed.GetValue(exact),
                SymbolFiles = CheckSymbols(parsed.GetValue(symbols) ?? []),
                Version = ProductVersion.Text,
            };
            if (parsed.GetValue(attach) is { } running)
                return Attach(parsed, running, options, parsed.GetValue(output)!, TimeLimit.Parse(parsed.GetValue(duration), "--duration"), streams);
            using var console = new ConsolePort("--serial", "serial0", [parsed.GetValue(serial)!], streams, vm => vm.Console);
            var config = machine.Bind(parsed, kernel: null, streams.Error) with { NoReboot = true, SerialOutput = console.Output };
            var uses = new FileUses();
            if (streams.IsProcess)
                uses.AddStandardStreams();
            uses.AddMachine(config, "--kernel", isKept: true);
            uses.Writes("--output", parsed.GetValue(output));
            foreach (var file in console.FileNames)
                uses.Writes("--serial", file);
            foreach (var file in options.SymbolFiles)
                uses.Reads("--symbols", file);
            uses.Check();
            using var profile = new OutputFile(parsed.GetValue(output)!);
            using var hostFiles = new HostProfilerFiles(parsed.GetValue(perfMap), parsed.GetValue(jitDump));
            hostFiles.Check();
            return new BootSession(streams)
            {
                Config = config,
                IsEmbeddedFirmware = machine.BootsEmbeddedFirmware(parsed),
                Ports = [console],
                EscapeKey = EscapeKey.Parse("ctrl-a"),
                Until = parsed.GetValue(until) ?? [],
                Fail = [],
                Timeout = TimeLimit.Parse(parsed.GetValue(timeout)),
                Duration = TimeLimit.Parse(parsed.GetValue(duration), "--duration"),
                DeviceTreeFile = null,
                VariablesToMake = machine.VariablesToMake(parsed),
                Statistics = StatisticsFormat.None,
                Starting = vm =>
                {
                    OutputFile.Open(profile);
                    hostFiles.Open();
                    vm.StartRecording(options);
                },
                Ended = vm => TryKeep(() => Write(vm, profile)) & TryKeep(() => hostFiles.WriteMap(vm)) & TryKeep(() => hostFiles.WriteDump(vm)),
            }.Run();

            // A disk that is full takes neither the other files nor the run's own end away.
            bool TryKeep(Action write)
            {
                try
                {
                    write();
                    return true;
                }
                catch (IOException e)
                {
                    streams.Error.WriteLine($"{Application.Name}: {e.Message.ReplaceLineEndings(" ")}");
                    return false;
                }
            }
        });
        return command;
    }

    private static int Attach(ParseResult parsed, string target, RecordingOptions options, string output, TimeSpan? duration, CliStreams streams)
    {
        ReadOnlySpan<string> known = ["--output", "--attach", "--duration", "--exact", "--interval", "--symbols"];
        foreach (var given in parsed.CommandResult.Children.OfType<OptionResult>())
        {
            if (!given.Implicit && !known.Contains(given.Option.Name))
                throw CliException.Usage($"{given.Option.Name}: not with --attach, for the machine runs already");
        }

        var uses = new FileUses();
        if (streams.IsProcess)
            uses.AddStandardStreams();
        uses.Writes("--output", output);
        foreach (var file in options.SymbolFiles)
            uses.Reads("--symbols", file);
        uses.Check();

        // The machine's process reads them.
        var wish = new RemoteRecording.Wish(null, options with { SymbolFiles = [.. options.SymbolFiles.Select(Path.GetFullPath)] }, duration);
        using var profile = new OutputFile(output);
        return AttachedRecording.Run(target, wish, profile, streams);
    }

    private static void Write(VirtualMachine machine, OutputFile file)
    {
        using var bytes = new MemoryStream();
        ProfileFile.Write(machine.FinishRecording(), bytes);
        file.WriteWhole(bytes.WriteTo);
    }

    private static long ParseInterval(string text)
    {
        const long Shortest = RecordingOptions.ShortestInterval / 1000;
        const long Longest = RecordingOptions.LongestInterval / 1000;
        return long.TryParse(text, out var microseconds) && microseconds is >= Shortest and <= Longest
            ? microseconds * 1000
            : throw CliException.Usage($"--interval: a number of microseconds from {Shortest} to {Longest}");
    }

    private static string[] CheckSymbols(string[] files)
    {
        foreach (var file in files)
        {
            if (!File.Exists(file) && !Directory.Exists(file))
                throw CliException.Usage($"--symbols: there is no '{file}'");
        }

        return files;
    }
}
