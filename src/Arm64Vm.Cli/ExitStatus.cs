namespace Arm64Vm.Cli;

/// <summary>What the process ends with; a guest's own status from semihosting passes through.</summary>
internal static class ExitStatus
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>As of timeout(1).</summary>
    public const int Timeout = 124;

    /// <summary>Plus the signal's number: ended by a signal, as shells have it.</summary>
    public const int SignalBase = 128;
}
