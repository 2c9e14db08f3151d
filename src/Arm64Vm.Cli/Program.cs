using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is [TerminalGuard.Directive, ..])
            return TerminalGuard.Run(arguments);
        if (!HostProcess.Prepare())
            return ExitStatus.Failure;
        using var streams = CliStreams.OfProcess();
        return Application.Run(arguments, streams);
    }
}
