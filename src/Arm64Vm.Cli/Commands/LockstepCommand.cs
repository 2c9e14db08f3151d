using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Arm64Vm.Cli.Boot;
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
        var command = new Command("lockstep", "Runs a guest on the interpreter and as emitted code, in virtual time, compares the machines after every translation unit, "
            + "and shows the first difference. Status 1 when there is one.") { image };
        var machine = new MachineOptions(command, hasBackend: false);
        Option<string?> limit = new("--limit") { Description = "End after so many units", HelpName = "UNITS" };
        Option<string> serial = new("--serial") { Description = "The guest's serial console", HelpName = "stdio|file:PATH|none", DefaultValueFactory = _ => "stdio" };
        command.Add(limit);
        command.Add(serial);
        command.SetAction(parsed =>
        {
            var most = ParseLimit(parsed.GetValue(limit));
            var target = SerialTarget.Parse(parsed.GetValue(serial)!);
            var output = target.Open(streams);
            try
            {
                return Run(machine.Bind(parsed, parsed.GetValue(image), streams.Error) with { SerialOutput = output }, most, streams);
            }
            finally
            {
                if (target.Kind == SerialKind.File)
                    output!.Dispose();
            }
        });
        return command;
    }

    private static int Run(MachineConfig config, long limit, CliStreams streams)
    {
        using var cancellation = new CancellationTokenSource();
        using var interrupt = streams.IsProcess ? CancelOnInterrupt(cancellation) : null;
        LockstepResult result;
        using (var machine = new LockstepMachine(config))
        {
            result = machine.Run(limit, cancellation.Token);
            machine.Console.Flush(TimeSpan.FromSeconds(1));
        }

        LockstepReport.Write(result, streams.Text);
        return result.End switch
        {
            LockstepEnd.GuestEnded or LockstepEnd.Limit => ExitStatus.Success,
            LockstepEnd.Stopped => ExitStatus.SignalBase + 2,
            LockstepEnd.WaitsForever => throw CliException.Failure("the guest waits for an interrupt that will never come"),
            _ => throw CliException.Failure("interpreter and emitted code differ"),
        };
    }

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
