namespace Arm64Vm.Cli;

/// <summary>Ends a command with one line on standard error.</summary>
internal sealed class CliException(string message, int status) : Exception(message)
{
    public int Status => status;

    /// <summary>The command line asks for something impossible.</summary>
    public static CliException Usage(string message) => new(message, ExitStatus.Usage);

    public static CliException Failure(string message) => new(message, ExitStatus.Failure);
}
