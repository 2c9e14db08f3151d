using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.Json;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Commands;
using Arm64Vm.Cli.Terminal;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli;

/// <summary>The command line: parses, runs a command, and turns every failure into a status and one line.</summary>
internal static class Application
{
    public const string Name = "arm64vm";

    public static int Run(IReadOnlyList<string> arguments, CliStreams streams)
    {
        int status;
        try
        {
            status = Execute(arguments, streams);
            streams.FlushText();
        }
        catch (Exception e)
        {
            status = e is CliException known ? known.Status : ExitStatus.Failure;
            if (!FileDescriptorStream.IsReaderGone(e))
            {
                FlushBefore(streams);
                streams.Error.WriteLine($"{Name}: {Describe(e)}");
            }
        }

        return status == ExitStatus.Success && streams.MessagesFailed ? ExitStatus.Failure : status;
    }

    private static int Execute(IReadOnlyList<string> arguments, CliStreams streams)
    {
        var root = MakeRoot(streams);
        var parsed = root.Parse(arguments, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (parsed.Action is null or ParseErrorAction)
            throw CliException.Usage(ParseMistake.Describe(parsed));
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = streams.Text,
            Error = streams.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>What was printed before a failure comes before its message; where it cannot be written, the failure is the message all the same.</summary>
    private static void FlushBefore(CliStreams streams)
    {
        try
        {
            streams.FlushText();
        }
        catch (IOException)
        {
            // The failure is told instead.
        }
    }

    private static RootCommand MakeRoot(CliStreams streams)
    {
        var root = new RootCommand("Runs ARM64 guests on x86-64 Linux hosts, on the 'virt' board that QEMU has.");
        root.Add(BootCommand.Make(streams));
        root.Add(Profiles.ProfileCommand.Make(streams));
        root.Add(Profiles.ReportCommand.Make(streams));
        root.Add(TopCommand.Make(streams));
        root.Add(BenchCommand.Make(streams));
        root.Add(VerifyCommand.Make(streams));
        root.Add(DisasmCommand.Make(streams));
        root.Add(InfoCommand.Make(streams));
        root.Add(Images.ImageCommand.Make(streams));
        root.Add(CacheCommand.Make(streams));
        root.Add(LockstepCommand.Make(streams));
        root.Add(CompletionCommand.Make(streams));
        foreach (var option in root.Options)
        {
            if (option is not HelpOption help)
                continue;

            // What other systems write for it.
            help.Aliases.Remove("/?");
            help.Aliases.Remove("/h");
            help.Action = new HelpWithExamples((HelpAction)help.Action!);
        }

        return root;
    }

    private static string Describe(Exception e) => e switch
    {
        CliException or MachineException or IOException or UnauthorizedAccessException or InvalidDataException or FormatException or JsonException => OneLine(e.Message),
        _ => $"internal error: {e.GetType().Name}: {OneLine(e.Message)}",
    };

    internal static string OneLine(string message) => Printable(message.ReplaceLineEndings(" ").TrimEnd());

    /// <summary>Text with question marks for control characters: names that others chose must not command the terminal.</summary>
    internal static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
