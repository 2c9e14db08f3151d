using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Cli.Files;
using Arm64Vm.Cli.Serial;
using Arm64Vm.Cli.Verification;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Lockstep;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm lockstep</c>: interpreter and emitted code side by side.</summary>
internal static class LockstepCommand
{
    public static Command Make(CliStreams streams)
    {
        Argument<string?> image = new("image") { Description = "ELF file or Linux Image; without it and --firmware the embedded firmware", HelpName = "IMAGE", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("lockstep", "Runs a guest on a back end (x64) and on the one it is held to (the interpreter; x64 for il), in virtual time, compares the machines after every translation unit, "
            + "and shows the first difference.") { image };
        var machine = new MachineOptions(command, hasBackend: true);
        Option<string?> limit = new("--limit") { Description = "End after so many units", HelpName = "UNITS" };
        Option<string> serial = new("--serial") { Description = "The guest's serial console", HelpName = SerialTarget.OutputSyntax, DefaultValueFactory = _ => "stdio" };
        Option<string?> timeout = TimeLimit.Option();
        command.Add(limit);
        command.Add(serial);
        command.Add(timeout);
        serial.CompletionSources.Add(context => Completions.OfList(context, ["stdio", "file:", "none"], []));
        NotEmpty.Require(image, "the file's name");
        command.SetAction(parsed =>
        {
            var most = ParseLimit(parsed.GetValue(limit));
            var time = TimeLimit.Parse(parsed.GetValue(timeout));
            var target = SerialTarget.Parse(parsed.GetValue(serial)!);
            if (target.Kind is SerialKind.PseudoTerminal or SerialKind.Socket)
                throw CliException.Usage($"--serial: a run in lockstep takes no input; it prints to {SerialTarget.OutputSyntax.Replace("|", ", ", StringComparison.Ordinal)}");
            using var output = new ConsolePort("--serial", "serial0", [parsed.GetValue(serial)!], streams, _ => null);
            var config = machine.Bind(parsed, parsed.GetValue(image), streams.Error) with { SerialOutput = output.Output };
            var uses = new FileUses();
            if (streams.IsProcess)
                uses.AddStandardStreams();
            uses.AddMachine(config, parsed.GetValue(image) is null ? "--kernel" : "IMAGE", isKept: false);
            uses.Writes("--serial", target.Path);
            uses.Check();
            return Run(config, most, time, streams);
        });
        return command;
    }

    private static int Run(MachineConfig config, long limit, TimeSpan? time, CliStreams streams)
    {
        using var cancellation = new CancellationTokenSource();
        using var timer = new CancellationTokenSource();
        using var interrupt = streams.IsProcess ? CancelOnInterrupt(cancellation) : null;
        var timeout = TimeLimit.Wait(time, timer.Token);
        _ = timeout.ContinueWith(_ => cancellation.Cancel(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        var making = Task.Run(() => new LockstepMachine(config));
        if (Task.WaitAny(making, timeout) != 0)
            throw TimedOut(time);
        LockstepResult result;
        using (var machine = making.GetAwaiter().GetResult())
        {
            OutputFile.Open(config.SerialOutput as OutputFile);
            result = machine.Run(limit, cancellation.Token);
            machine.Console.Flush(TimeSpan.FromSeconds(1));
            if (machine.Console.OutputError is { } error)
                throw error is IOException ? error : CliException.Failure($"the console's output cannot be written: {error.Message}");
        }

        timer.Cancel();
        LockstepReport.Write(result, streams.Text);
        return result.End switch
        {
            LockstepEnd.GuestEnded or LockstepEnd.Limit => ExitStatus.Success,
            LockstepEnd.Stopped when timeout.IsCompletedSuccessfully => throw TimedOut(time),
            LockstepEnd.Stopped => ExitStatus.SignalBase + 2,
            LockstepEnd.WaitsForever => throw new CliException("the guest waits for an interrupt that will never come", ExitStatus.WaitsForever),
            _ => throw CliException.Failure("the two machines differ"),
        };
    }

    private static CliException TimedOut(TimeSpan? time) => new(TimeLimit.Describe(time!.Value), ExitStatus.Timeout);

    private static PosixSignalRegistration CancelOnInterrupt(CancellationTokenSource cancellation) =>
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            cancellation.Cancel();
        });

    private static long ParseLimit(string? text)
    {
        if (text is null)
            return long.MaxValue;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw CliException.Usage($"--limit: '{text}' is not a number of units");
    }
}
