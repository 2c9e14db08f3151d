namespace Arm64Vm.Cli;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        using var streams = CliStreams.OfProcess();
        return Application.Run(arguments, streams);
    }
}
